#pragma once

#include <string>
#include <string_view>

namespace uvoy::config {

/// A token of RFC 9110 section 5.6.2, which is what a header name is.
bool is_token(std::string_view text);

/// ASCII letters to lower case.
std::string to_lower(std::string_view text);

}  // namespace uvoy::config
