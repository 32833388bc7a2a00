#pragma once

#include "config/config.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace uvoy::route {

/// Finds the first of many routes whose path matches, in logarithmic time.
class PathIndex {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    /// Routes are added in their order; `match` must outlive the index.
    void add(const config::PathMatch &match, std::uint32_t route);
    /// To be called once, after all routes were added.
    void finish();

    /// The lowest route that takes `path`, or none.
    std::uint32_t find(std::string_view path) const;

private:
    // A text that paths are compared with, whole or as their beginning.
    struct Entry {
        std::string_view text;
        std::uint32_t exact = none;   // the first route that takes exactly this path
        std::uint32_t prefix = none;  // the first that takes what begins with it, or with less
        std::uint32_t parent = none;  // the entry of the longest text that this one begins with
    };

    std::vector<Entry> entries_;  // by text
};

}  // namespace uvoy::route
