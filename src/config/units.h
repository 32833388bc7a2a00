#pragma once

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Numbers with a unit.  The parsers answer nullopt for what is not of the form; whether the
// number is in range is the caller's business.  to_text() gives the shortest form that parses to
// the same value.

namespace uvoy::config {

/// Decimal digits only; nullopt also above 2^63 - 1.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// "250ms", "1m30s", "1h", "0s": whole numbers with h, m, s, ms, each at most once, in this order.
std::optional<Duration> parse_duration(std::string_view text);
std::string to_text(Duration duration);

/// "512B", "64KiB", "10MB": bytes, powers of 1024 with an i, of 1000 without.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_to_text(std::uint64_t bytes);

/// "50%", "12.5%": at most two decimals, at most 100.
std::optional<Share> parse_share(std::string_view text);
std::string to_text(Share share);

/// "100/s", "6000/m", "10/h".
std::optional<Rate> parse_rate(std::string_view text);

/// "200-399" or "204".
std::optional<StatusRange> parse_status_range(std::string_view text);
std::string to_text(StatusRange range);

}  // namespace uvoy::config
