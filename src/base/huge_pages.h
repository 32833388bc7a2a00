#pragma once

#include <cstddef>

namespace uvoy {

inline constexpr std::size_t huge_page_size = std::size_t{2} << 20;

/// Asks for huge pages under a large table that is read at random, so that fewer look-ups miss the
/// TLB as well as the cache.  A hint, for memory that is aligned to huge_page_size and untouched.
void prefer_huge_pages(void *memory, std::size_t size);

}  // namespace uvoy
