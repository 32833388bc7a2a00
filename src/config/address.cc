#include "config/address.h"

#include "config/parse_address.h"
#include "config/units.h"
#include "config/utf8.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace uvoy::config {

namespace {

using Parsed = Result<Address, std::string>;
using Wrong = Unexpected<std::string>;

bool is_ipv4(const std::string &host) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

/// The one spelling of an IPv6 literal (RFC 5952); nullopt if it is none.
std::optional<std::string> canonical_ipv6(const std::string &host) {
    in6_addr address{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
    if (::inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr) return std::nullopt;
    return std::string{text.data()};
}

Parsed unix_address(std::string_view path) {
    constexpr std::size_t longest = 107;  // sun_path holds 108 with its NUL
    if (!path.starts_with('/') || path.size() < 2)
        return Wrong{"a Unix socket needs an absolute path, \"unix:/path\""};
    if (path.size() > longest)
        return Wrong{"the path of a Unix socket may have 107 bytes, this one has " +
                     std::to_string(path.size())};
    if (path.find('\0') != path.npos) return Wrong{"the path of a Unix socket holds a NUL byte"};
    return Address{.host = {}, .port = 0, .path = std::string{path}};
}

/// sd_listen_fds(3) says what a name may be.
Parsed inherited_address(std::string_view name) {
    constexpr std::size_t longest = 255;
    const bool fits =
        std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~' && c != ':'; });
    if (name.empty() || name.size() > longest || !fits)
        return Wrong{
            "the name of an inherited socket, \"fd:NAME\", has 1..255 printable ASCII "
            "characters and no \":\""};
    return Address{.host = {}, .port = 0, .path = {}, .descriptor = std::string{name}};
}

Result<std::string, std::string> parse_host(std::string_view written) {
    const bool brackets = written.starts_with('[') && written.ends_with(']');
    const std::string host{brackets ? written.substr(1, written.size() - 2) : written};
    if (std::optional<std::string> ipv6 = canonical_ipv6(host)) {
        if (!brackets) return Wrong{"write an IPv6 address as \"[" + host + "]:port\""};
        return std::move(*ipv6);
    }
    if (brackets) return Wrong{quote(host) + " is not an IPv6 address"};
    const bool like_ipv4 = host.find_first_not_of("0123456789.") == host.npos;
    if (like_ipv4 ? !is_ipv4(host) : !is_host_name(host))
        return Wrong{quote(host) + " is not a host name or an IP address"};
    return host;
}

}  // namespace

std::string Address::text() const {
    if (is_unix()) return "unix:" + path;
    if (is_inherited()) return "fd:" + descriptor;
    const bool ipv6 = host.find(':') != host.npos;
    return (ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

bool is_ip_literal(const std::string &host) {
    return is_ipv4(host) || canonical_ipv6(host).has_value();
}

bool is_host_name(std::string_view host) {
    constexpr std::size_t longest_name = 253;
    constexpr std::size_t longest_label = 63;
    if (host.empty() || host.size() > longest_name) return false;
    if (host.ends_with('.')) host.remove_suffix(1);
    while (true) {
        const std::string_view label = host.substr(0, host.find('.'));
        const bool fits = std::all_of(label.begin(), label.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_';
        });
        if (label.empty() || label.size() > longest_label || !fits || label.starts_with('-') ||
            label.ends_with('-'))
            return false;
        if (label.size() == host.size()) return true;
        host.remove_prefix(label.size() + 1);
    }
}

Parsed parse_address(std::string_view text) {
    if (text.starts_with("unix:")) return unix_address(text.substr(5));
    if (text.starts_with("fd:")) return Wrong{"an inherited socket (\"fd:NAME\") is for listeners"};
    if (text.find("://") != text.npos)
        return Wrong{quote(text) + " is a URL, expected \"host:port\""};
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos || text.ends_with(']'))
        return Wrong{quote(text) + " has no port, expected \"host:port\""};
    Result<std::string, std::string> host = parse_host(text.substr(0, colon));
    if (!host) return Wrong{host.error()};
    const std::string_view digits = text.substr(colon + 1);
    const std::optional<std::uint64_t> port = parse_number(digits);
    if (!port && (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos))
        return Wrong{"port " + quote(digits) + " is not a number"};
    if (!port || *port < 1 || *port > 65535)
        return Wrong{"port " + std::string{digits.substr(0, 20)} + " is not in 1..65535"};
    return Address{.host = std::move(*host), .port = static_cast<std::uint16_t>(*port), .path = {}};
}

Parsed parse_listen_address(std::string_view text) {
    if (text.starts_with("fd:")) return inherited_address(text.substr(3));
    if (text.starts_with("*:") || text.starts_with(':'))
        return Wrong{quote(text) + " names no interface; all of IPv4 are \"0.0.0.0:port\", " +
                     "all of IPv6 \"[::]:port\""};
    Parsed address = parse_address(text);
    if (!address || address->is_unix()) return address;
    if (is_ip_literal(address->host) || address->host == "localhost") return address;
    return Wrong{"a listening address needs an IP address or \"localhost\", not the name " +
                 quote(address->host)};
}

}  // namespace uvoy::config
