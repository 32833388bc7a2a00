#pragma once

#include "uv/address.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace uvoy::uv {

/// What is asked for; values of RFC 1035 section 3.2.2, RFC 3596 and RFC 2782.
// NOLINTNEXTLINE(performance-enum-size): two bytes in a message
enum class DnsType : std::uint16_t { a = 1, aaaa = 28, srv = 33 };

/// One record of the type that was asked for.
struct DnsRecord {
    SocketAddress address;  ///< of an A or AAAA record, with port 0
    std::string target;     ///< of an SRV record, like what follows; "." = no such service
    std::uint16_t port = 0;
    std::uint16_t priority = 0;  ///< lower ones are asked first
    std::uint16_t weight = 0;
};

/// What the answer section of a response holds of one type.
struct DnsRecords {
    std::vector<DnsRecord> records;  ///< at most `most_dns_records`, in their order
    std::chrono::seconds ttl{0};     ///< the lowest of them and of the aliases before them
};

inline constexpr std::size_t most_dns_records = 4096;

/// Reads a whole response (RFC 1035 section 4).  Nothing: it is malformed.
std::optional<DnsRecords> parse_dns_response(std::span<const std::uint8_t> message, DnsType type);

}  // namespace uvoy::uv
