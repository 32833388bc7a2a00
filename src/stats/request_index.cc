#include "stats/request_index.h"

#include <algorithm>

namespace uvoy::stats {

RequestIndex::RequestIndex(const Dimensions &dimensions) : listeners_{dimensions.listeners} {
    const std::size_t counters_of_a_slot =
        std::max<std::size_t>(listeners_, 1) * methods * code_classes;
    const std::size_t slots = series_cap / counters_of_a_slot;
    folded_ = dimensions.routes + 1 > slots;
    own_slots_ = folded_ ? std::max<std::size_t>(slots, 2) - 2 : dimensions.routes;
}

}  // namespace uvoy::stats
