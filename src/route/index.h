#pragma once

#include "config/config.h"
#include "route/path_index.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace uvoy::route {

/// More than a name in DNS has (RFC 1035 section 2.3.4).  A longer host is matched by no name.
inline constexpr std::size_t longest_host = 255;

/// Finds the first of many routes that takes a request, in a time that hardly grows with them: a
/// look-up for the host and each of its parent domains, then one in the paths of each.
class Index {
public:
    static constexpr std::uint32_t none = PathIndex::none;

    /// The routes must outlive the index.
    explicit Index(const std::vector<config::Route> &routes);

    /// `host` in any case, without port.
    std::uint32_t find(std::size_t listener, std::string_view host, std::string_view path) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using ByHost = std::unordered_map<std::string, PathIndex, Hash, std::equal_to<>>;

    // The routes of one listener, or of all of them.
    struct Hosts {
        void add(const config::Match &match, std::uint32_t route);
        void finish();
        std::uint32_t find(std::string_view host, std::string_view path) const;

        PathIndex any;
        ByHost exact;   // in lower case
        ByHost suffix;  // with the leading dot
    };

    Hosts everywhere_;
    std::map<std::size_t, Hosts> by_listener_;
};

}  // namespace uvoy::route
