#include "base/hash.h"

#include <xxhash.h>

namespace uvoy {

std::uint64_t hash(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace uvoy
