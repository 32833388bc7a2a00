#include "base/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace uvoy {

namespace {

constexpr std::size_t mapped_prefix = 12;  // bytes before the IPv4 address
constexpr std::array<std::uint8_t, mapped_prefix> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned address_bits = 128;

void clear_behind(std::array<std::uint8_t, 16> &bytes, unsigned prefix) {
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned kept = std::clamp<unsigned>(prefix, i * 8, i * 8 + 8) - i * 8;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
    }
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};  // ends in a zero
    if (text.empty() || text.size() >= buffer.size()) return std::nullopt;
    std::ranges::copy(text, buffer.begin());
    IpAddress address;
    if (inet_pton(AF_INET6, buffer.data(), address.bytes_.data()) == 1) return address;
    std::ranges::copy(mapped, address.bytes_.begin());
    if (inet_pton(AF_INET, buffer.data(), address.bytes_.data() + mapped_prefix) == 1)
        return address;
    return std::nullopt;
}

bool IpAddress::is_ipv4() const { return std::equal(mapped.begin(), mapped.end(), bytes_.begin()); }

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (is_ipv4()) inet_ntop(AF_INET, bytes_.data() + mapped_prefix, buffer.data(), buffer.size());
    else inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
    return buffer.data();
}

std::optional<Network> Network::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const bool ipv4 = address->is_ipv4() && text.find(':') == std::string_view::npos;
    const unsigned first = ipv4 ? mapped_prefix * 8 : 0;
    unsigned prefix = address_bits - first;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const char *const end = digits.data() + digits.size();
        const unsigned most = prefix;
        const auto parsed = std::from_chars(digits.data(), end, prefix);
        const bool padded = digits.size() > 1 && digits.front() == '0';
        if (parsed.ec != std::errc{} || parsed.ptr != end || padded || prefix > most)
            return std::nullopt;
    }
    Network network{.address = *address, .prefix = static_cast<std::uint8_t>(first + prefix)};
    clear_behind(network.address.bytes_, network.prefix);
    return network;
}

bool Network::contains(const IpAddress &other) const {
    std::array<std::uint8_t, 16> bytes = other.bytes();
    clear_behind(bytes, prefix);
    return bytes == address.bytes();
}

std::string Network::text() const {
    const bool ipv4 = prefix >= mapped_prefix * 8 && address.is_ipv4();
    return address.text() + "/" + std::to_string(ipv4 ? prefix - mapped_prefix * 8 : prefix);
}

}  // namespace uvoy
