#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "cluster/endpoint.h"

namespace uvoy::cluster {

/// The places of a cluster whose endpoints come and go.  An endpoint keeps its place as long as
/// anybody may still know it by that: until no snapshot lists it, no request is under way there,
/// and a while after.  Of the control loop.
class EndpointSlots {
public:
    /// How long a place stays empty at least: the events that the last request of its former
    /// endpoint caused are over by then.
    static constexpr Duration rest = std::chrono::seconds{1};

    explicit EndpointSlots(std::size_t count) : slots_(count) {}

    /// A place for a new endpoint: one that was never used, else the one that is unused for the
    /// longest time.  Nothing: all are taken, or were a moment ago.
    std::optional<std::uint16_t> find_free(TimePoint now);

    /// Whoever sits there from now on; the place is free, and is `endpoint->index`.
    void put(std::shared_ptr<Endpoint> endpoint);

    /// The endpoint of this place leaves.
    void remove(std::uint16_t index);

    /// Who sits there; null where nobody does, also while one leaves.
    const std::shared_ptr<Endpoint> &at(std::uint16_t index) const { return slots_[index].sitting; }
    std::size_t size() const { return slots_.size(); }

private:
    struct Slot {
        std::shared_ptr<Endpoint> sitting;
        std::shared_ptr<Endpoint> leaving;
        TimePoint free_since = TimePoint::min();  ///< the clock's first moment: never used
    };

    /// Nobody but this knows who is leaving.
    static bool is_forgotten(const Slot &slot);

    std::vector<Slot> slots_;
};

}  // namespace uvoy::cluster
