#pragma once

#include <cstdint>

namespace uvoy::cluster {

/// The whole of an endpoint's share.
inline constexpr std::uint16_t full_ramp = 1024;

/// What the control loop knows of an endpoint when it makes a snapshot.
struct EndpointState {
    bool healthy = true;
    /// How much of its share it takes while it is healthy, in 1/1024: less while it starts slowly,
    /// or while it is slower than its peers.
    std::uint16_t ramp = full_ramp;
    /// How much of that it takes while requests have yet to prove it (Trial), in 1/1024.  Among
    /// those of its priority it is ignored where less than half of their weight is proven; how much
    /// the priority takes is less for it in any case, if others can carry the rest.
    std::uint16_t trial = full_ramp;

    /// It is relied upon.
    bool proven() const { return healthy && trial == full_ramp; }

    friend bool operator==(const EndpointState &, const EndpointState &) = default;
};

}  // namespace uvoy::cluster
