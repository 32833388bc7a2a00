#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace uvoy::config {

/// Offset of the first byte that is not well-formed UTF-8 (RFC 3629), or npos.
std::size_t find_invalid_utf8(std::string_view text);

/// Characters (code points) of well-formed UTF-8.
std::size_t count_characters(std::string_view text);

/// `text` on one line: control characters and backslashes as JSON escapes.
std::string escape_controls(std::string_view text);

/// escape_controls() in quotation marks, cut after 80 bytes.
std::string quote(std::string_view text);

}  // namespace uvoy::config
