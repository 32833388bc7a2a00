#include "route/index.h"

#include "http/bytes.h"

#include <algorithm>
#include <array>

namespace uvoy::route {

namespace {

std::string lower_case(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), http::lower);
    return result;
}

}  // namespace

void Index::Hosts::add(const config::Match &match, std::uint32_t route) {
    switch (match.host.kind) {
        case config::HostMatch::Kind::any:
            return any.add(match.path, route);
        case config::HostMatch::Kind::exact:
            return exact[lower_case(match.host.text)].add(match.path, route);
        case config::HostMatch::Kind::suffix:
            return suffix[lower_case(match.host.text)].add(match.path, route);
    }
}

void Index::Hosts::finish() {
    any.finish();
    for (auto &[host, paths] : exact) paths.finish();
    for (auto &[host, paths] : suffix) paths.finish();
}

std::uint32_t Index::Hosts::find(std::string_view host, std::string_view path) const {
    std::uint32_t first = any.find(path);
    if (const auto found = exact.find(host); found != exact.end())
        first = std::min(first, found->second.find(path));
    if (suffix.empty()) return first;
    // "*.example.com" wants a label of its own before the suffix.
    for (std::size_t dot = host.find('.', 1); dot != host.npos; dot = host.find('.', dot + 1))
        if (const auto found = suffix.find(host.substr(dot)); found != suffix.end())
            first = std::min(first, found->second.find(path));
    return first;
}

Index::Index(const std::vector<config::Route> &routes) {
    for (std::uint32_t i = 0; i < routes.size(); ++i) {
        const config::Match &match = routes[i].match;
        Hosts &hosts = match.listener ? by_listener_[*match.listener] : everywhere_;
        hosts.add(match, i);
    }
    everywhere_.finish();
    for (auto &[listener, hosts] : by_listener_) hosts.finish();
}

std::uint32_t Index::find(std::size_t listener, std::string_view host,
                          std::string_view path) const {
    std::array<char, longest_host> buffer;
    if (host.size() > buffer.size()) host = {};  // which no name is, either
    std::ranges::transform(host, buffer.begin(), http::lower);
    const std::string_view lower_host{buffer.data(), host.size()};
    std::uint32_t first = everywhere_.find(lower_host, path);
    if (const auto own = by_listener_.find(listener); own != by_listener_.end())
        first = std::min(first, own->second.find(lower_host, path));
    return first;
}

}  // namespace uvoy::route
