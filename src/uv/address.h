#pragma once

#include "base/result.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace uvoy::uv {

/// An address as the kernel takes it: IPv4, IPv6 or the path of a unix socket.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    sa_family_t family() const { return storage.ss_family; }
    bool is_unix() const { return family() == AF_UNIX; }
    /// 0 for unix sockets.
    std::uint16_t port() const;
    void set_port(std::uint16_t port);
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
    sockaddr *get() { return reinterpret_cast<sockaddr *>(&storage); }

    /// Numerical: IPv4 before IPv6, then by address, then by port.
    std::strong_ordering operator<=>(const SocketAddress &other) const;
    bool operator==(const SocketAddress &other) const { return std::is_eq(*this <=> other); }
};

/// Numbers only: "192.0.2.1:80", "[2001:db8::1]:80", "unix:/run/x.sock".  The error is a sentence.
Result<SocketAddress, std::string> parse_address(std::string_view text);

/// The form that parse_address() reads.
std::string to_text(const SocketAddress &address);

/// An IP address without its port, in place.
class IpText {
public:
    /// An IPv4 address mapped into IPv6 is shown as IPv4, a unix peer as "unix:".
    explicit IpText(const sockaddr_storage &address);

    std::string_view view() const { return {text_.data(), size_}; }

private:
    void assign_ipv4(const std::uint8_t *octets);
    void assign(std::string_view text);

    std::array<char, INET6_ADDRSTRLEN> text_;
    std::uint8_t size_ = 0;
};

/// What `socket` is bound to.
SocketAddress local_address(int socket);

}  // namespace uvoy::uv
