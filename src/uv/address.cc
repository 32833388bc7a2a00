#include "uv/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <cassert>
#include <charconv>
#include <cstring>

namespace uvoy::uv {
namespace {

template <typename T>
T read_as(const sockaddr_storage &storage) {
    T address;
    std::memcpy(&address, &storage, sizeof address);
    return address;
}

template <typename T>
SocketAddress make(const T &address, std::size_t length = sizeof(T)) {
    SocketAddress result;
    std::memcpy(&result.storage, &address, sizeof address);
    result.length = static_cast<socklen_t>(length);
    return result;
}

Unexpected<std::string> refuse(std::string_view text, std::string_view why) {
    return Unexpected{fmt::format("\"{}\" is not an address: {}", text, why)};
}

Result<SocketAddress, std::string> parse_unix(std::string_view text, std::string_view path) {
    sockaddr_un address{};
    if (path.empty() || path.front() != '/') return refuse(text, "the path must be absolute");
    if (path.find('\0') != path.npos) return refuse(text, "the path has a zero byte");
    if (path.size() >= sizeof address.sun_path)
        return refuse(text,
                      fmt::format("the path is longer than {} bytes", sizeof address.sun_path - 1));
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    return make(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

bool parse_port(std::string_view text, std::uint16_t &port) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::uint16_t SocketAddress::port() const {
    if (family() == AF_INET) return ntohs(read_as<sockaddr_in>(storage).sin_port);
    if (family() == AF_INET6) return ntohs(read_as<sockaddr_in6>(storage).sin6_port);
    return 0;
}

void SocketAddress::set_port(std::uint16_t port) {
    assert(family() == AF_INET || family() == AF_INET6);
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    const std::uint16_t network_order = htons(port);
    std::memcpy(reinterpret_cast<char *>(&storage) + offsetof(sockaddr_in, sin_port),
                &network_order, sizeof network_order);
}

std::strong_ordering SocketAddress::operator<=>(const SocketAddress &other) const {
    if (family() != other.family()) return family() <=> other.family();
    int order = 0;
    if (family() == AF_INET) {
        const auto own = read_as<sockaddr_in>(storage), its = read_as<sockaddr_in>(other.storage);
        order = std::memcmp(&own.sin_addr, &its.sin_addr, sizeof own.sin_addr);
    } else if (family() == AF_INET6) {
        const auto own = read_as<sockaddr_in6>(storage), its = read_as<sockaddr_in6>(other.storage);
        order = std::memcmp(&own.sin6_addr, &its.sin6_addr, sizeof own.sin6_addr);
    } else {
        order = to_text(*this).compare(to_text(other));
    }
    return order != 0 ? order <=> 0 : port() <=> other.port();
}

Result<SocketAddress, std::string> parse_address(std::string_view text) {
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) return parse_unix(text, text.substr(unix_prefix.size()));

    const auto colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon == text.npos || !parse_port(text.substr(colon + 1), port))
        return refuse(text, "it must end in a colon and a port from 0 to 65535");

    std::string host{text.substr(0, colon)};
    if (host.find('\0') != host.npos) return refuse(text, "it has a zero byte");
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        host = host.substr(1, host.size() - 2);
        if (inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1)
            return refuse(text, "between the brackets is no IPv6 address");
        return make(address);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        return refuse(text, "it needs an IPv4 address or an IPv6 address in brackets");
    return make(address);
}

std::string to_text(const SocketAddress &address) {
    std::array<char, INET6_ADDRSTRLEN> host{};
    switch (address.family()) {
        case AF_UNIX: {
            const auto path = read_as<sockaddr_un>(address.storage);
            return fmt::format(
                "unix:{}",
                std::string_view{path.sun_path, strnlen(path.sun_path, sizeof path.sun_path)});
        }
        case AF_INET6: {
            const auto v6 = read_as<sockaddr_in6>(address.storage);
            inet_ntop(AF_INET6, &v6.sin6_addr, host.data(), host.size());
            return fmt::format("[{}]:{}", host.data(), address.port());
        }
        default: {
            const auto v4 = read_as<sockaddr_in>(address.storage);
            inet_ntop(AF_INET, &v4.sin_addr, host.data(), host.size());
            return fmt::format("{}:{}", host.data(), address.port());
        }
    }
}

IpText::IpText(const sockaddr_storage &address) {
    if (address.ss_family == AF_INET) {
        const auto v4 = read_as<sockaddr_in>(address);
        assign_ipv4(reinterpret_cast<const std::uint8_t *>(&v4.sin_addr));
    } else if (address.ss_family == AF_INET6) {
        const auto v6 = read_as<sockaddr_in6>(address);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            assign_ipv4(&v6.sin6_addr.s6_addr[12]);
        } else {
            inet_ntop(AF_INET6, &v6.sin6_addr, text_.data(), INET6_ADDRSTRLEN);
            size_ = static_cast<std::uint8_t>(std::strlen(text_.data()));
        }
    } else {
        assign("unix:");
    }
}

void IpText::assign_ipv4(const std::uint8_t *octets) {
    char *out = text_.data();
    for (int i = 0; i < 4; ++i) {
        if (i > 0) *out++ = '.';
        out = std::to_chars(out, text_.data() + text_.size(), octets[i]).ptr;
    }
    size_ = static_cast<std::uint8_t>(out - text_.data());
}

void IpText::assign(std::string_view text) {
    size_ = static_cast<std::uint8_t>(text.copy(text_.data(), text_.size()));
}

SocketAddress local_address(int socket) {
    SocketAddress address;
    address.length = sizeof address.storage;
    const int status = getsockname(socket, address.get(), &address.length);
    assert(status == 0);
    return address;
}

}  // namespace uvoy::uv
