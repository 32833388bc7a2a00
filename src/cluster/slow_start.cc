#include "cluster/slow_start.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::cluster {

namespace {

constexpr Duration shortest_step = std::chrono::milliseconds{100};
constexpr int steps = 64;
constexpr std::uint16_t first_ramp = full_ramp / 10;

}  // namespace

SlowStart::SlowStart(Duration period, Endpoints endpoints) : period_{period} {
    for (const auto &endpoint : endpoints)
        places_.push_back({.name = endpoint ? endpoint->name : std::string{}, .started = {}});
}

void SlowStart::apply(Endpoints endpoints, std::span<EndpointState> states, TimePoint now) {
    assert(states.size() == endpoints.size());
    next_step_.reset();
    if (period_ <= Duration::zero()) return;
    places_.resize(endpoints.size());
    follow_moves(endpoints);
    for (std::size_t i = 0; i < places_.size(); ++i)
        follow(places_[i], endpoints[i].get(), states[i].proven(), now);
    spare_lonely(endpoints, states);
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!places_[i].started) continue;
        const std::uint32_t product = states[i].ramp * ramp(*places_[i].started, now);
        states[i].ramp = static_cast<std::uint16_t>(std::max(1U, product / full_ramp));
        next_step_ = now + std::max(shortest_step, period_ / steps);
    }
}

void SlowStart::follow_moves(Endpoints endpoints) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!endpoints[i] || endpoints[i]->name == places_[i].name) continue;
        const auto former = std::ranges::find(places_, endpoints[i]->name, &Place::name);
        if (former != places_.end()) std::swap(*former, places_[i]);
    }
}

void SlowStart::follow(Place &place, const Endpoint *endpoint, bool proven, TimePoint now) const {
    if (endpoint == nullptr) {
        place = {};
        return;
    }
    const bool is_new = place.name != endpoint->name;
    if (is_new) place.name = endpoint->name;
    const bool begins = proven && (is_new || place.out);
    const bool ends = !proven || (place.started && now - *place.started >= period_);
    if (begins) place.started = now;
    else if (ends) place.started.reset();
    place.out = !proven;
}

void SlowStart::spare_lonely(Endpoints endpoints, std::span<const EndpointState> states) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!places_[i].started) continue;
        bool carried = false;
        for (std::size_t j = 0; j < places_.size() && !carried; ++j)
            carried = endpoints[j] && endpoints[j]->priority == endpoints[i]->priority &&
                      states[j].proven() && !places_[j].started;
        if (carried) continue;
        const std::uint16_t priority = endpoints[i]->priority;
        for (std::size_t j = 0; j < places_.size(); ++j)
            if (endpoints[j] && endpoints[j]->priority == priority) places_[j].started.reset();
    }
}

std::uint16_t SlowStart::ramp(TimePoint started, TimePoint now) const {
    const Duration elapsed = std::clamp(now - started, Duration::zero(), period_);
    const double part = static_cast<double>(elapsed.count()) / static_cast<double>(period_.count());
    return static_cast<std::uint16_t>(first_ramp + (full_ramp - first_ramp) * part);
}

}  // namespace uvoy::cluster
