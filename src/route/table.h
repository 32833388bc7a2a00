#pragma once

#include "config/config.h"
#include "route/index.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace uvoy::route {

/// What of a request decides its route.
struct Input {
    std::size_t listener = 0;  ///< index into Config::listeners
    std::string_view host;     ///< without port; any case
    std::string_view path;     ///< without query, as it will be forwarded
};

/// The routes of a configuration; the first that matches wins.  Immutable.
class Table {
public:
    /// The routes must outlive the table.
    explicit Table(const std::vector<config::Route> &routes);

    /// What of a request does not suit a route.
    enum class Mismatch : std::uint8_t { listener, path, host };

    /// Why the route does not take the request; nothing: it would.
    std::optional<Mismatch> mismatch(std::size_t route, const Input &input) const;

    /// Index into the routes.
    std::optional<std::size_t> match(const Input &input) const;

private:
    const std::vector<config::Route> *routes_;
    std::optional<Index> index_;  // of more than a few
};

}  // namespace uvoy::route
