#pragma once

#include <cstdint>
#include <string>

namespace uvoy::server {

/// From the kernel's generator.
std::uint64_t random_seed();

/// What `hash_seed` of the configuration means: the same number for the same text on every machine;
/// a random one for an empty text.
std::uint64_t hash_seed_of(const std::string &text);

/// From now on hash_seed_of() of an empty text is `seed`: that of a predecessor, whose keys are to
/// stay where they are.  Before there are threads.
void keep_random_hash_seed(std::uint64_t seed);

}  // namespace uvoy::server
