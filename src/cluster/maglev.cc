#include "cluster/maglev.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace uvoy::cluster {

namespace {

/// All arcs in an order of one's own: the step is odd, so it meets each of the 2^16 once.
struct Permutation {
    std::uint16_t next;
    std::uint16_t step;

    explicit Permutation(std::uint64_t identity)
        : next{static_cast<std::uint16_t>(mix(identity))},
          step{static_cast<std::uint16_t>(mix(identity + 1) | 1)} {}

    std::uint16_t take() {
        const std::uint16_t arc = next;
        next = static_cast<std::uint16_t>(next + step);
        return arc;
    }
};

}  // namespace

std::vector<std::uint16_t> maglev_owners(const Rendezvous &rendezvous) {
    const auto candidates = rendezvous.candidates();
    assert(!candidates.empty());
    std::vector<Permutation> permutations;
    std::uint64_t whole = 0;  // what earns a turn: the part of the heaviest
    for (const auto &candidate : candidates) {
        permutations.emplace_back(candidate.identity);
        whole = std::max<std::uint64_t>(whole, candidate.weight);
    }

    std::vector<std::uint16_t> owners(arc_count, no_endpoint);
    std::vector<std::uint64_t> earned(candidates.size());
    std::size_t left = arc_count;
    while (left > 0) {
        for (std::uint16_t rank = 0; rank < candidates.size() && left > 0; ++rank) {
            earned[rank] += candidates[rank].weight;
            if (earned[rank] < whole) continue;
            earned[rank] -= whole;
            std::uint16_t arc = permutations[rank].take();
            while (owners[arc] != no_endpoint) arc = permutations[rank].take();
            owners[arc] = rank;
            --left;
        }
    }
    return owners;
}

}  // namespace uvoy::cluster
