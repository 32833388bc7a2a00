#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace uvoy::http {

/// IMF-fixdate, as in "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), into `buffer`, of
/// which the result is a view.  Years 0 to 9999.
std::string_view format_date(std::int64_t unix_seconds, std::span<char, 29> buffer);

}  // namespace uvoy::http
