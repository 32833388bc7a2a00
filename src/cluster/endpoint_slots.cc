#include "cluster/endpoint_slots.h"

#include <cassert>
#include <utility>

namespace uvoy::cluster {

bool EndpointSlots::is_forgotten(const Slot &slot) {
    // Acquires what the last one to leave() released.
    return slot.leaving.use_count() == 1 &&
           slot.leaving->in_flight.load(std::memory_order_acquire) == 0;
}

std::optional<std::uint16_t> EndpointSlots::find_free(TimePoint now) {
    std::optional<std::uint16_t> best;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        Slot &slot = slots_[i];
        if (slot.leaving && is_forgotten(slot)) {
            slot.leaving.reset();
            slot.free_since = now;
        }
        if (slot.sitting || slot.leaving) continue;
        const bool rested = slot.free_since == TimePoint::min() || slot.free_since <= now - rest;
        if (rested && (!best || slot.free_since < slots_[*best].free_since))
            best = static_cast<std::uint16_t>(i);
    }
    return best;
}

void EndpointSlots::put(std::shared_ptr<Endpoint> endpoint) {
    Slot &slot = slots_[endpoint->index];
    assert(!slot.sitting && !slot.leaving);
    slot.sitting = std::move(endpoint);
}

void EndpointSlots::remove(std::uint16_t index) {
    Slot &slot = slots_[index];
    assert(slot.sitting && !slot.leaving);
    slot.leaving = std::move(slot.sitting);
    slot.sitting.reset();
}

}  // namespace uvoy::cluster
