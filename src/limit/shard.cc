#include "limit/shard.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace uvoy::limit {

namespace {

std::uint32_t lease_cap(const Policy &policy) {
    const auto in_a_millisecond = static_cast<std::uint64_t>(
        policy.tokens / std::chrono::duration<double, std::milli>{policy.period}.count());
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(in_a_millisecond, 1, std::max(policy.burst / 16, 1u)));
}

}  // namespace

Shard::Shard(Ledger &ledger, std::size_t slots)
    : ledger_{ledger},
      max_lease_{lease_cap(ledger.meter().policy())},
      slots_(max_lease_ > 1 ? std::bit_ceil(std::max<std::size_t>(slots, 1)) : 0) {}

const Shard::Slot *Shard::slot_of(std::uint64_t key_hash) const {
    // Other bits than the ledger's set and tag, which would put a set's keys into one slot.
    return slots_.empty() ? nullptr : &slots_[(key_hash >> 24) & (slots_.size() - 1)];
}

Shard::Slot *Shard::slot_of(std::uint64_t key_hash) {
    return const_cast<Slot *>(std::as_const(*this).slot_of(key_hash));
}

Verdict Shard::admit(std::uint64_t key_hash, TimePoint now) {
    Slot *slot = slot_of(key_hash);
    if (slot == nullptr) return take_one(key_hash, now);
    if (slot->key != key_hash) {
        if (now < slot->expires) return take_one(key_hash, now);
        put_back(*slot, now);
        slot->key = key_hash;
    } else if (slot->tokens > 0) {
        if (now < slot->expires) return spend(*slot, now);
        put_back(*slot, now);
    }
    return renew(*slot, now);
}

Verdict Shard::check(std::uint64_t key_hash, TimePoint now) const {
    const Meter &meter = ledger_.meter();
    const Slot *slot = slot_of(key_hash);
    const std::uint32_t held = slot != nullptr && slot->key == key_hash ? slot->tokens : 0;
    const std::uint64_t debt = ledger_.peek(key_hash, now).debt;
    return meter.verdict(held > 0 || meter.available(debt) > 0, debt, held);
}

void Shard::refund(std::uint64_t key_hash, TimePoint now) {
    Slot *slot = slot_of(key_hash);
    if (slot != nullptr && slot->key == key_hash && slot->tokens > 0) ++slot->tokens;
    else ledger_.give_back(key_hash, 1, now);
}

TimePoint Shard::deadline() const {
    return oldest_ == none ? TimePoint::max() : slots_[oldest_].expires;
}

void Shard::on_deadline(TimePoint now) {
    while (oldest_ != none && slots_[oldest_].expires <= now) put_back(slots_[oldest_], now);
}

void Shard::release(TimePoint now) {
    while (oldest_ != none) put_back(slots_[oldest_], now);
}

Verdict Shard::take_one(std::uint64_t key_hash, TimePoint now) {
    const Ledger::Grant grant = ledger_.take(key_hash, 1, now);
    return ledger_.meter().verdict(grant.tokens > 0, grant.debt, 0);
}

Verdict Shard::spend(Slot &slot, TimePoint now) {
    if (--slot.tokens == 0) unlink(slot);
    const Meter &meter = ledger_.meter();
    return meter.verdict(true, meter.debt(slot.tat, meter.ticks(now)), slot.tokens);
}

/// A lease that was used up in time makes the next one larger; a dry bucket makes it small again,
/// so that its few tokens stay within every worker's reach.
Verdict Shard::renew(Slot &slot, TimePoint now) {
    const std::uint32_t wanted = now < slot.expires ? std::min(2 * slot.size, max_lease_) : 1;
    const Ledger::Grant grant = ledger_.take(slot.key, wanted, now);
    slot.size = std::max(grant.tokens, 1u);
    slot.tat = grant.tat;
    slot.expires = now + lease_time;
    slot.tokens = grant.tokens > 1 ? grant.tokens - 1 : 0;
    if (slot.tokens > 0) link(slot);
    return ledger_.meter().verdict(grant.tokens > 0, grant.debt, slot.tokens);
}

void Shard::put_back(Slot &slot, TimePoint now) {
    if (slot.tokens == 0) return;
    ledger_.give_back(slot.key, slot.tokens, now);
    slot.tokens = 0;
    unlink(slot);
}

void Shard::link(Slot &slot) {
    const auto index = static_cast<std::uint32_t>(&slot - slots_.data());
    slot.older = newest_;
    slot.newer = none;
    (newest_ == none ? oldest_ : slots_[newest_].newer) = index;
    newest_ = index;
}

void Shard::unlink(Slot &slot) {
    (slot.older == none ? oldest_ : slots_[slot.older].newer) = slot.newer;
    (slot.newer == none ? newest_ : slots_[slot.newer].older) = slot.older;
}

}  // namespace uvoy::limit
