#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace uvoy::fuzz {

/// Ends the run and says why; libFuzzer then keeps the input.
[[noreturn]] inline void fail(std::string_view what) {
    std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

/// What must hold for every input.
inline void check(bool holds, std::string_view what) {
    if (!holds) fail(what);
}

}  // namespace uvoy::fuzz
