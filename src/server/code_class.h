#pragma once

#include "stats/fields.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace uvoy::server {

/// By stats::code_class(); "none" for an exchange that ended without a status.
inline constexpr std::array<std::string_view, stats::code_classes> code_class_names{
    "none", "1xx", "2xx", "3xx", "4xx", "5xx"};

}  // namespace uvoy::server
