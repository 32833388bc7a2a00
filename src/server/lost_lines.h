#pragma once

#include <atomic>
#include <cstdint>

namespace uvoy::server {

/// Lines that destinations of the access log did not take, since the process began.
using LostLines = std::atomic<std::uint64_t>;

}  // namespace uvoy::server
