#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>

namespace uvoy::config {

/// The whole file, of at most `max_bytes`, or one line on why it cannot be had.
Result<std::string, std::string> read_file(const std::string &path, std::size_t max_bytes);

}  // namespace uvoy::config
