#pragma once

#include "base/time.h"

#include <string>

namespace uvoy::server {

/// For people: "250ms", "1.2s", "30s", "1m30s".
std::string duration_text(Duration duration);

}  // namespace uvoy::server
