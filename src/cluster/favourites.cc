#include "cluster/favourites.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace uvoy::cluster {

Favourites::Favourites(const Rendezvous &rendezvous, std::uint16_t arc) : Favourites{} {
    const std::uint64_t key = Rendezvous::arc_key(arc);
    // Costs rise as hashes fall, so most candidates can be turned away by their hash alone: when it
    // is not above that of the last favourite, who is no lighter.
    std::uint64_t floor = 0;
    std::uint64_t floor_weight = UINT64_MAX;  // inverse
    std::uint64_t last = UINT64_MAX;
    std::uint16_t rank = 0;
    for (const Rendezvous::Candidate &candidate : rendezvous.candidates()) {
        const std::uint64_t hash = mix(candidate.identity ^ key);
        if (hash > floor || candidate.inverse_weight < floor_weight) {
            const std::uint64_t cost = negative_log2(hash) * candidate.inverse_weight;
            offer(rank, cost);
            if (costs_.back() != last) {
                last = costs_.back();
                const auto &its = rendezvous.candidates()[ranks_.back()];
                floor = mix(its.identity ^ key);
                floor_weight = its.inverse_weight;
            }
        }
        ++rank;
    }
}

void Favourites::offer(std::uint16_t rank, std::uint64_t cost) {
    const auto before = [&](std::size_t place) {
        return cost < costs_[place] || (cost == costs_[place] && rank < ranks_[place]);
    };
    std::size_t place = choice_count - 1;
    if (!before(place)) return;
    for (; place > 0 && before(place - 1); --place) {
        costs_[place] = costs_[place - 1];
        ranks_[place] = ranks_[place - 1];
    }
    costs_[place] = cost;
    ranks_[place] = rank;
}

FormerFavourites::FormerFavourites(const Rendezvous &former, const Rendezvous &now)
    : former_{former}, now_{now}, former_rank_(former.size(), no_endpoint) {
    std::unordered_map<std::uint64_t, std::uint16_t> by_identity;
    for (const auto &candidate : now.candidates()) {
        const auto rank = static_cast<std::uint16_t>(&candidate - now.candidates().data());
        // Of two names with one hash the costs are equal: not worth a thought.
        if (!by_identity.emplace(candidate.identity, rank).second) return;
    }
    std::vector<bool> kept(now.candidates().size());
    std::size_t gone = 0;
    for (const auto &candidate : former.candidates()) {
        former_rank_[candidate.index] = static_cast<std::uint16_t>(rank_.size());
        const auto found = by_identity.find(candidate.identity);
        const bool same =
            found != by_identity.end() && !kept[found->second] &&
            now.candidates()[found->second].inverse_weight == candidate.inverse_weight;
        rank_.push_back(same ? found->second : no_endpoint);
        if (same) kept[found->second] = true;
        else ++gone;
    }
    for (std::size_t rank = 0; rank < kept.size(); ++rank)
        if (!kept[rank]) fresh_.push_back(static_cast<std::uint16_t>(rank));
    // Each that is gone leaves choice_count / candidates of the arcs to be looked at as a whole.
    useful_ = (gone + fresh_.size()) * 2 * choice_count < kept.size() + choice_count * choice_count;
}

Favourites FormerFavourites::update(std::uint16_t arc, const Choices &known) const {
    // Where there were too few to fill all places nobody else was there.
    const bool complete = former_.candidates().size() < choice_count;
    const std::uint64_t key = Rendezvous::arc_key(arc);
    Favourites result;
    std::size_t sure = 0;
    std::uint64_t worst = 0;  // of what is known: nobody who is not is better
    for (const std::uint16_t index : known) {
        if (index == no_endpoint) continue;
        const std::uint16_t former_rank = former_rank_[index];
        const std::uint64_t cost = Rendezvous::cost(key, former_.candidates()[former_rank]);
        worst = std::max(worst, cost);
        if (rank_[former_rank] == no_endpoint) continue;
        result.offer(rank_[former_rank], cost);
        ++sure;
    }
    for (const std::uint16_t rank : fresh_) {
        const std::uint64_t cost = Rendezvous::cost(key, now_.candidates()[rank]);
        if (!complete && cost >= worst) continue;
        result.offer(rank, cost);
        ++sure;
    }
    if (complete || sure >= choice_count) return result;
    return Favourites{now_, arc};
}

}  // namespace uvoy::cluster
