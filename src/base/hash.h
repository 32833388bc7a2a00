#pragma once

#include <cstdint>
#include <string_view>

namespace uvoy {

/// XXH3-64 keyed by `seed` (xxHash specification 0.8).  Stable across machines and versions.
std::uint64_t hash(std::string_view bytes, std::uint64_t seed);

}  // namespace uvoy
