#pragma once

#include <string_view>

namespace uvoy::server {

/// Of this build, e.g. "0.1.0".
extern const std::string_view version;

}  // namespace uvoy::server
