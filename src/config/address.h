#pragma once

#include <cstdint>
#include <string>

namespace uvoy::config {

/// Where to listen or to connect: TCP host and port, the path of a Unix socket, or, to listen, a
/// socket that is there when the process starts.
struct Address {
    std::string host;        ///< IP literal without brackets, or a DNS name; empty if it is not TCP
    std::uint16_t port = 0;  ///< 1..65535; 0 if it is not TCP
    std::string path;        ///< absolute path of the Unix socket; else empty
    std::string descriptor{};  ///< name of the inherited socket; else empty

    bool is_unix() const { return !path.empty(); }
    bool is_inherited() const { return !descriptor.empty(); }

    /// As it stands in the file: "host:port", "[::1]:port", "unix:/path" or "fd:NAME".
    std::string text() const;

    friend bool operator==(const Address &, const Address &) = default;
};

/// True for an IPv4 or IPv6 literal without brackets.
bool is_ip_literal(const std::string &host);

}  // namespace uvoy::config
