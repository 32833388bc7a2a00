#pragma once

#include "base/random.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uvoy::fuzz {

/// How bytes arrive: all at once, one by one, or in pieces that the input itself decides.
enum class Arrival : std::uint8_t { whole, bytewise, pieces };

/// A number that depends on every byte (FNV-1a).
inline std::uint64_t digest(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001b3;
    }
    return hash;
}

/// Calls `take(piece)` for one piece after the other.
template <typename Take>
void for_each_piece(std::string_view bytes, Arrival arrival, Take &&take) {
    Random random{digest(bytes)};
    while (!bytes.empty()) {
        std::size_t size = bytes.size();
        if (arrival == Arrival::bytewise) size = 1;
        if (arrival == Arrival::pieces) size = std::min<std::size_t>(size, 1 + random.below(40));
        take(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
}

}  // namespace uvoy::fuzz
