#include "limit/ledger.h"

#include "base/huge_pages.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace uvoy::limit {

namespace {

/// Never zero: no key matches the empty word.
std::uint64_t tag_of(std::uint64_t key_hash) {
    return std::max<std::uint64_t>(key_hash >> Meter::tick_bits, 1) << Meter::tick_bits;
}

bool has_tag(std::uint64_t word, std::uint64_t tag) { return (word & ~Meter::tick_mask) == tag; }

}  // namespace

/// A word of a set and what a key finds there.
struct Ledger::Place {
    std::atomic<std::uint64_t> *word = nullptr;
    std::uint64_t seen = 0;
    std::uint64_t debt = 0;  ///< of whoever owns the word
    bool owned = false;      ///< by this key
};

Ledger::Ledger(const Policy &policy, std::size_t keys)
    : meter_{policy},
      set_mask_{std::bit_ceil(std::max<std::size_t>((keys + ways - 1) / ways, 1)) - 1},
      sets_{make_sets(set_mask_ + 1)} {}

Ledger::Sets Ledger::make_sets(std::size_t count) {
    const std::size_t bytes = count * sizeof(Set);
    const bool large = bytes >= huge_page_size;
    const std::align_val_t alignment{large ? huge_page_size : alignof(Set)};
    void *const memory = ::operator new[](bytes, alignment);
    if (large) prefer_huge_pages(memory, bytes);
    auto *const sets = static_cast<Set *>(memory);
    std::uninitialized_value_construct_n(sets, count);
    return Sets{sets, FreeSets{alignment}};
}

/// The key's own word, else the one whose loss costs its owner least: the smallest debt, zero for
/// a word in the past.  The search starts at the key's tag, so that two threads with the same new
/// key choose the same word and one of them fails its compare-and-swap.
Ledger::Place Ledger::find(Set &set, std::uint64_t tag, std::uint64_t now) const {
    Place best{.debt = ~std::uint64_t{0}};
    for (std::size_t i = 0; i < ways; ++i) {
        std::atomic<std::uint64_t> &word = set.words[((tag >> Meter::tick_bits) + i) % ways];
        // Relaxed everywhere: a word is all there is to know, it guards no other memory.
        const std::uint64_t seen = word.load(std::memory_order_relaxed);
        const std::uint64_t debt = meter_.debt(seen, now);
        if (has_tag(seen, tag)) return {&word, seen, debt, true};
        if (const std::uint64_t cost = seen == 0 ? 0 : debt; cost < best.debt)
            best = {&word, seen, cost, false};
    }
    return best;
}

Ledger::Grant Ledger::take(std::uint64_t key_hash, std::uint32_t wanted, TimePoint now) {
    assert(wanted >= 1);
    const std::uint64_t tag = tag_of(key_hash);
    const std::uint64_t ticks = meter_.ticks(now);
    Set &set = set_of(key_hash);
    for (;;) {
        Place place = find(set, tag, ticks);
        const std::uint64_t debt = place.owned ? place.debt : 0;
        const std::uint32_t tokens = std::min(wanted, meter_.available(debt));
        const std::uint64_t owed = debt + tokens * Meter::ticks_per_token;
        const Grant grant{tokens, (ticks + owed) & Meter::tick_mask, owed};
        if (tokens == 0) return grant;
        if (!place.word->compare_exchange_weak(place.seen, tag | grant.tat,
                                               std::memory_order_relaxed))
            continue;
        if (!place.owned && place.debt > 0) live_evictions_.fetch_add(1, std::memory_order_relaxed);
        return grant;
    }
}

Ledger::Grant Ledger::peek(std::uint64_t key_hash, TimePoint now) const {
    const std::uint64_t ticks = meter_.ticks(now);
    const Place place = find(set_of(key_hash), tag_of(key_hash), ticks);
    const std::uint64_t debt = place.owned ? place.debt : 0;
    return {0, (ticks + debt) & Meter::tick_mask, debt};
}

void Ledger::give_back(std::uint64_t key_hash, std::uint32_t tokens, TimePoint now) {
    const std::uint64_t tag = tag_of(key_hash);
    const std::uint64_t ticks = meter_.ticks(now);
    Set &set = set_of(key_hash);
    for (;;) {
        Place place = find(set, tag, ticks);
        if (!place.owned || place.debt == 0) return;
        const std::uint64_t debt =
            place.debt - std::min(place.debt, tokens * Meter::ticks_per_token);
        if (place.word->compare_exchange_weak(place.seen, tag | ((ticks + debt) & Meter::tick_mask),
                                              std::memory_order_relaxed))
            return;
    }
}

}  // namespace uvoy::limit
