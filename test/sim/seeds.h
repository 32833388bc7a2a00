#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace uvoy::sim {

/// Which runs to make.  UVOY_SIM_SEED=N replays one; UVOY_SIM_SEEDS=N makes so many, from
/// UVOY_SIM_FIRST on.
struct Seeds {
    std::uint64_t first = 1;
    std::uint64_t count = 1;

    static Seeds from_environment(std::uint64_t usual_count) {
        if (const std::uint64_t only = number_from("UVOY_SIM_SEED", 0)) return {.first = only};
        return {.first = number_from("UVOY_SIM_FIRST", 1),
                .count = number_from("UVOY_SIM_SEEDS", usual_count)};
    }

private:
    static std::uint64_t number_from(const char *variable, std::uint64_t otherwise) {
        const char *text = std::getenv(variable);
        return text != nullptr ? std::stoull(text) : otherwise;
    }
};

}  // namespace uvoy::sim
