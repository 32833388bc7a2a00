#include "server/flight_recorder.h"

#include "base/hash.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace uvoy::server {

namespace {

/// Of the texts of a record, in its order; the path gets what is left.
constexpr std::array<std::size_t, 9> longest{
    FlightRecorder::longest_name,
    FlightRecorder::longest_name,
    FlightRecorder::longest_name,
    128,  // endpoint: a name with a port
    16,   // method
    48,   // client
    128,  // request id
    128,  // host
    FlightRecorder::longest_path,
};

}  // namespace

void FlightRecorder::record(const proxy::ExchangeRecord &exchange, const proxy::Failure &failure,
                            bool retried) {
    keep(exchange, failure, retried);
    // Who has seen it counted finds it.
    counts_[retried ? 1 : 0][failure.reason].add();
}

void FlightRecorder::keep(const proxy::ExchangeRecord &exchange, const proxy::Failure &failure,
                          bool retried) {
    const std::size_t number = kind_of(exchange, failure.reason, retried);
    Kind &kind = kinds_[number];
    if (!take_token(kind, exchange.time) && kind.newest != nowhere) {
        auto &more = (*slots_)[kind.newest].more;
        more.store(more.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        return;
    }
    const std::size_t index = make_room();
    Packed packed = pack(exchange, failure, retried);
    packed.order = ++order_;
    write((*slots_)[index], packed);
    owners_[index] = {.kind = number, .order = packed.order};
    ++kind.slots;
    kind.newest = index;
}

std::size_t FlightRecorder::kind_of(const proxy::ExchangeRecord &exchange, Reason reason,
                                    bool retried) {
    const std::uint64_t of_names = hash(exchange.route, 1) ^ hash(exchange.cluster, 2) ^
                                   hash(exchange.backend, retried ? 3 : 4);
    return static_cast<std::size_t>(reason) * kinds_of_reason + of_names % kinds_of_reason;
}

bool FlightRecorder::take_token(Kind &kind, std::int64_t now) {
    // The clock on the wall may be set back.
    const std::int64_t elapsed = std::max<std::int64_t>(now - kind.filled, 0);
    kind.filled = now;
    kind.tokens = std::min(burst, kind.tokens + static_cast<double>(elapsed) * per_second / 1e3);
    if (kind.tokens < 1) return false;
    kind.tokens -= 1;
    return true;
}

std::size_t FlightRecorder::make_room() {
    if (used_ < capacity) return used_++;
    const auto most = static_cast<std::size_t>(std::ranges::max_element(kinds_, {}, &Kind::slots) -
                                               kinds_.begin());
    std::size_t oldest = nowhere;
    for (std::size_t i = 0; i < capacity; ++i) {
        if (owners_[i].kind != most) continue;
        if (oldest == nowhere || owners_[i].order < owners_[oldest].order) oldest = i;
    }
    --kinds_[most].slots;
    if (kinds_[most].newest == oldest) kinds_[most].newest = nowhere;
    return oldest;
}

FlightRecorder::Packed FlightRecorder::pack(const proxy::ExchangeRecord &exchange,
                                            const proxy::Failure &failure, bool retried) {
    Packed packed{};
    packed.time = exchange.time;
    packed.duration = exchange.duration.count();
    packed.wait = exchange.wait.count();
    packed.connect = exchange.connect.count();
    packed.first_byte = exchange.first_byte.count();
    packed.attempts = exchange.attempts;
    packed.status = static_cast<std::int16_t>(exchange.status);
    packed.reason = failure.reason;
    packed.phase = failure.phase;
    packed.side = failure.side;
    packed.retried = retried;
    const std::array<std::string_view, Packed::texts> texts{
        exchange.listener, exchange.route,      exchange.cluster, exchange.backend, exchange.method,
        exchange.client,   exchange.request_id, exchange.host,    exchange.path};
    std::size_t at = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::size_t size = std::min({texts[i].size(), longest[i], Packed::room - at});
        texts[i].copy(packed.text.data() + at, size);
        packed.sizes[i] = static_cast<std::uint16_t>(size);
        at += size;
    }
    return packed;
}

FlightRecord FlightRecorder::unpack(const Packed &packed) {
    FlightRecord record{.time = packed.time,
                        .order = packed.order,
                        .failure = {.reason = packed.reason,
                                    .phase = packed.phase,
                                    .side = packed.side,
                                    .status = packed.status},
                        .retried = packed.retried,
                        .status = packed.status,
                        .attempts = packed.attempts,
                        .duration = Duration{packed.duration},
                        .wait = Duration{packed.wait},
                        .connect = Duration{packed.connect},
                        .first_byte = Duration{packed.first_byte}};
    const std::array<std::string *, Packed::texts> texts{
        &record.listener, &record.route,      &record.cluster, &record.endpoint, &record.method,
        &record.client,   &record.request_id, &record.host,    &record.path};
    std::size_t at = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i]->assign(packed.text.data() + at, packed.sizes[i]);
        at += packed.sizes[i];
    }
    return record;
}

void FlightRecorder::write(Slot &slot, const Packed &packed) {
    static_assert(std::is_trivially_copyable_v<Packed>);
    std::array<std::uint64_t, words> raw{};
    std::memcpy(raw.data(), &packed, sizeof packed);
    const std::uint64_t version = slot.version.load(std::memory_order_relaxed);
    slot.version.store(version + 1, std::memory_order_relaxed);
    // Whoever sees one of these sees the odd version as well, when it looks again.
    for (std::size_t i = 0; i < words; ++i)
        slot.content[i].store(raw[i], std::memory_order_release);
    slot.more.store(0, std::memory_order_release);
    slot.version.store(version + 2, std::memory_order_release);
}

bool FlightRecorder::read(const Slot &slot, Packed &packed, std::uint64_t &more) {
    const std::uint64_t version = slot.version.load(std::memory_order_acquire);
    if (version % 2 != 0) return false;
    std::array<std::uint64_t, words> raw{};
    for (std::size_t i = 0; i < words; ++i)
        raw[i] = slot.content[i].load(std::memory_order_acquire);
    more = slot.more.load(std::memory_order_acquire);
    if (slot.version.load(std::memory_order_relaxed) != version) return false;
    std::memcpy(&packed, raw.data(), sizeof packed);
    return version != 0;
}

std::vector<FlightRecord> FlightRecorder::read() const {
    // It takes the worker much longer to come back to a slot than it takes to read one.
    constexpr int tries = 10;
    std::vector<FlightRecord> records;
    for (const Slot &slot : *slots_) {
        Packed packed{};
        std::uint64_t more = 0;
        bool whole = false;
        for (int i = 0; i < tries && !whole && slot.version.load(std::memory_order_relaxed); ++i)
            whole = read(slot, packed, more);
        if (!whole) continue;
        records.push_back(unpack(packed));
        records.back().more = more;
    }
    return records;
}

}  // namespace uvoy::server
