#include "limit/connection_counts.h"

#include <cassert>

namespace uvoy::limit {

bool ConnectionCounts::enter(std::uint64_t client, std::uint32_t limit) {
    Part &part = part_of(client);
    const Hold hold{part};
    const auto place = part.counts.try_emplace(client, 0).first;
    if (place->second >= limit) {
        if (place->second == 0) part.counts.erase(place);
        return false;
    }
    ++place->second;
    return true;
}

void ConnectionCounts::leave(std::uint64_t client) {
    Part &part = part_of(client);
    const Hold hold{part};
    const auto place = part.counts.find(client);
    assert(place != part.counts.end() && place->second != 0);
    if (--place->second == 0) part.counts.erase(place);
}

}  // namespace uvoy::limit
