#include "route/table.h"

#include "http/framing.h"

namespace uvoy::route {

namespace {

/// So many are looked at faster one by one.
constexpr std::size_t few = 8;

bool matches_host(const config::HostMatch &match, std::string_view host) {
    if (host.size() > longest_host) return match.kind == config::HostMatch::Kind::any;
    switch (match.kind) {
        case config::HostMatch::Kind::any:
            return true;
        case config::HostMatch::Kind::exact:
            return http::equals_ignoring_case(host, match.text);
        case config::HostMatch::Kind::suffix:
            // "*.example.com" wants a label of its own before the suffix.
            return host.size() > match.text.size() &&
                   http::equals_ignoring_case(host.substr(host.size() - match.text.size()),
                                              match.text);
    }
    return false;
}

bool matches_path(const config::PathMatch &match, std::string_view path) {
    switch (match.kind) {
        case config::PathMatch::Kind::any:
            return true;
        case config::PathMatch::Kind::exact:
            return path == match.text;
        case config::PathMatch::Kind::prefix:
            return path.starts_with(match.text);
    }
    return false;
}

}  // namespace

Table::Table(const std::vector<config::Route> &routes) : routes_{&routes} {
    if (routes.size() > few) index_.emplace(routes);
}

std::optional<Table::Mismatch> Table::mismatch(std::size_t route, const Input &input) const {
    const config::Match &match = (*routes_)[route].match;
    if (match.listener && *match.listener != input.listener) return Mismatch::listener;
    if (!matches_path(match.path, input.path)) return Mismatch::path;
    if (!matches_host(match.host, input.host)) return Mismatch::host;
    return std::nullopt;
}

std::optional<std::size_t> Table::match(const Input &input) const {
    if (index_) {
        const std::uint32_t found = index_->find(input.listener, input.host, input.path);
        return found == Index::none ? std::nullopt : std::optional<std::size_t>{found};
    }
    for (std::size_t i = 0; i < routes_->size(); ++i)
        if (!mismatch(i, input)) return i;
    return std::nullopt;
}

}  // namespace uvoy::route
