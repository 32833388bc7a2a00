#include "server/seeds.h"

#include "base/hash.h"
#include "uv/handle.h"

#include <sys/random.h>

#include <cerrno>
#include <optional>

namespace uvoy::server {

namespace {

std::optional<std::uint64_t> kept_seed;

}  // namespace

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    // Up to 256 bytes come whole (getrandom(2)), once the kernel has collected enough entropy.
    while (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        if (errno != EINTR) uv::require(-errno, "getrandom");
    return seed;
}

std::uint64_t hash_seed_of(const std::string &text) {
    if (!text.empty()) return hash(text, 0);
    return kept_seed ? *kept_seed : random_seed();
}

void keep_random_hash_seed(std::uint64_t seed) { kept_seed = seed; }

}  // namespace uvoy::server
