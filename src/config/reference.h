#pragma once

#include "base/result.h"
#include "config/load.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace uvoy::config {

/// Longest text that references may make, and longest file that one may name.
inline constexpr std::size_t max_expanded_bytes = std::size_t{1024} * 1024;

/// Whether `text` holds a "${", so that its value is not what is written.
bool has_reference(std::string_view text);

/// `text` with ${ENV:NAME}, ${ENV:NAME:-default} and ${FILE:/path} replaced; "$${" stands for a
/// plain "${".  Replacements are not expanded again.  A file loses one line feed at its end.  The
/// error names the reference, never a value.
Result<std::string, std::string> expand(std::string_view text, const Environment &environment);

}  // namespace uvoy::config
