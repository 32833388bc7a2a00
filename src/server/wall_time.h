#pragma once

#include <cstdint>
#include <string>

namespace uvoy::server {

/// Milliseconds since 1970, UTC, now.
std::int64_t unix_milliseconds();

/// RFC 3339 with milliseconds, e.g. "2024-02-29T12:00:00.250Z".
std::string rfc3339(std::int64_t unix_milliseconds);

}  // namespace uvoy::server
