#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "cluster/endpoint.h"
#include "cluster/endpoint_state.h"

namespace uvoy::cluster {

/// How endpoints of one cluster that return, or are new, get back to their whole share: from a
/// tenth of it, evenly over `period`.  Those that were there at the start begin with all of it.
///
/// A start is slow only beside others that carry the load meanwhile: where no healthy endpoint of a
/// priority has its whole share, all of them get it at once.  It begins when a trial has ended.
class SlowStart {
public:
    using Endpoints = std::span<const std::shared_ptr<Endpoint>>;

    /// A period of 0 means that nobody starts slowly.  `endpoints` are there at the start; an empty
    /// place is null.
    SlowStart(Duration period, Endpoints endpoints);

    /// Lowers the ramps of those that are starting.  `states` has one entry for each endpoint, and
    /// an endpoint is new if no place had its name in it at the last call.
    void apply(Endpoints endpoints, std::span<EndpointState> states, TimePoint now);

    /// When apply() has something new to tell, if no health changes until then: in steps of 1/64
    /// of the period, but at least 100 ms.
    std::optional<TimePoint> next_step() const { return next_step_; }

private:
    struct Place {
        std::string name;                  // empty: nobody is here
        bool out = false;                  // or on trial, when it was last looked at
        std::optional<TimePoint> started;  // set: it is starting slowly
    };

    void follow_moves(Endpoints endpoints);
    void follow(Place &place, const Endpoint *endpoint, bool proven, TimePoint now) const;
    void spare_lonely(Endpoints endpoints, std::span<const EndpointState> states);
    std::uint16_t ramp(TimePoint started, TimePoint now) const;

    Duration period_;
    std::vector<Place> places_;
    std::optional<TimePoint> next_step_;
};

}  // namespace uvoy::cluster
