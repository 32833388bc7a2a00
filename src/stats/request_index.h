#pragma once

#include "stats/fields.h"

#include <cstddef>

namespace uvoy::stats {

/// How many of each thing a configuration has; endpoints are numbered over all clusters.
struct Dimensions {
    std::size_t listeners = 0;
    std::size_t routes = 0;
    std::size_t clusters = 0;
    std::size_t endpoints = 0;
    std::size_t limits = 0;
};

/// A request that matched no route.
inline constexpr std::size_t no_route = ~std::size_t{0};

/// http::method_count, which this layer may not include; the server asserts that they agree.
inline constexpr std::size_t methods = 10;

/// Where the counter of (listener, route, method, code class) lies in one flat array.  Routes have
/// slots 0, 1, ...; then comes one slot for no_route, and, if all routes would make more than
/// `series_cap` counters, one that the last routes share ("other").
class RequestIndex {
public:
    static constexpr std::size_t series_cap = 200'000;

    explicit RequestIndex(const Dimensions &dimensions);

    std::size_t size() const { return listeners_ * route_slots() * methods * code_classes; }
    std::size_t route_slots() const { return own_slots_ + 1 + (folded_ ? 1 : 0); }

    /// The slot of a route or of no_route.
    std::size_t slot_of(std::size_t route) const {
        if (route < own_slots_) return route;
        return route == no_route ? none_slot() : other_slot();
    }
    std::size_t none_slot() const { return own_slots_; }
    std::size_t other_slot() const { return own_slots_ + 1; }  ///< exists if folded()
    bool folded() const { return folded_; }

    std::size_t at(std::size_t listener, std::size_t slot, std::size_t method,
                   std::size_t code) const {
        return ((listener * route_slots() + slot) * methods + method) * code_classes + code;
    }

private:
    std::size_t listeners_;
    std::size_t own_slots_;
    bool folded_;
};

}  // namespace uvoy::stats
