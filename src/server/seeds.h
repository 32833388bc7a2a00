#pragma once

#include <cstdint>
#include <string>

namespace uvoy::server {

/// From the kernel's generator.
std::uint64_t random_seed();

/// What `hash_seed` of the configuration means: the same number for the same text on every machine;
/// a random one for an empty text.
std::uint64_t hash_seed_of(const std::string &text);

}  // namespace uvoy::server
