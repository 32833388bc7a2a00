#pragma once

#include <cstdint>
#include <string>

namespace uvoy::config {

/// Where to listen or to connect: TCP host and port, or the path of a Unix socket.
struct Address {
    std::string host;  ///< IP literal without brackets, or a DNS name; empty for a Unix socket
    std::uint16_t port = 0;  ///< 1..65535; 0 for a Unix socket
    std::string path;        ///< absolute path of the Unix socket; empty for TCP

    bool is_unix() const { return !path.empty(); }

    /// As it stands in the file: "host:port", "[::1]:port" or "unix:/path".
    std::string text() const;

    friend bool operator==(const Address &, const Address &) = default;
};

/// True for an IPv4 or IPv6 literal without brackets.
bool is_ip_literal(const std::string &host);

}  // namespace uvoy::config
