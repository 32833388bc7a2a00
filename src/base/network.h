#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace uvoy {

/// An IP address.  IPv4 addresses are held as IPv4-mapped IPv6 addresses, so that the two spellings
/// of one address are equal.
class IpAddress {
public:
    /// "192.0.2.1" or "2001:db8::1", without brackets, port or zone.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_ipv4() const;
    /// IPv4 with dots, IPv6 as RFC 5952 has it.
    std::string text() const;
    const std::array<std::uint8_t, 16> &bytes() const { return bytes_; }

    friend bool operator==(const IpAddress &, const IpAddress &) = default;

private:
    friend struct Network;

    std::array<std::uint8_t, 16> bytes_{};
};

/// The addresses that share a prefix.
struct Network {
    IpAddress address;        ///< bits beyond the prefix are zero
    std::uint8_t prefix = 0;  ///< of the 128 bits: 96 more than IPv4 says

    /// "10.0.0.0/8", "2001:db8::/32", or an address alone.  Sets stray bits to zero.
    static std::optional<Network> parse(std::string_view text);

    bool contains(const IpAddress &other) const;
    std::string text() const;

    friend bool operator==(const Network &, const Network &) = default;
};

}  // namespace uvoy
