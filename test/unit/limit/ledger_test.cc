#include "limit/ledger.h"

#include "base/random.h"

#include <doctest/doctest.h>

namespace uvoy::limit {

using namespace std::chrono_literals;

/// A hash in set 0 (of any table up to 2^24 sets) with this tag.
static std::uint64_t with_tag(std::uint64_t tag) { return tag << Meter::tick_bits; }

TEST_CASE("a new key has its burst, then one token per interval") {
    Ledger ledger{{100, 1s, 20}, 1024};
    TimePoint now{5s};
    CHECK(ledger.take(42, 15, now).tokens == 15);
    CHECK(ledger.take(42, 15, now).tokens == 5);
    CHECK(ledger.take(42, 1, now).tokens == 0);
    CHECK(ledger.take(42, 1, now + 9'900us).tokens == 0);
    CHECK(ledger.take(42, 9, now + 10ms).tokens == 1);
    CHECK(ledger.take(42, 9, now + 59'999us).tokens == 4);
    CHECK(ledger.take(43, 1, now).tokens == 1);
    CHECK(ledger.take(42, 100, now + 1h).tokens == 20);
}

TEST_CASE("peeking takes nothing") {
    Ledger ledger{{100, 1s, 20}, 1024};
    const TimePoint now{5s};
    ledger.take(42, 7, now);
    for (int i = 0; i < 3; ++i) CHECK(ledger.peek(42, now).debt == 7 * 1024);
    CHECK(ledger.peek(42, now + 1s).debt == 0);
    CHECK(ledger.peek(41, now).debt == 0);
}

TEST_CASE("tokens given back can be taken again, and never more than the burst") {
    Ledger ledger{{100, 1s, 20}, 1024};
    const TimePoint now{5s};
    ledger.take(42, 20, now);
    ledger.give_back(42, 3, now);
    CHECK(ledger.take(42, 20, now).tokens == 3);
    ledger.give_back(42, 4'000'000'000, now);
    CHECK(ledger.take(42, 100, now).tokens == 20);
    ledger.give_back(7, 5, now);  // a key that nobody knows
    CHECK(ledger.take(7, 100, now).tokens == 20);
}

TEST_CASE("tokens of an unknown key go to nobody else") {
    Ledger ledger{{1, 1min, 10}, 8};
    const TimePoint now{1h};
    for (std::uint32_t tag = 1; tag <= 8; ++tag) ledger.take(with_tag(tag), 6, now);
    ledger.give_back(with_tag(9), 6, now);
    for (std::uint32_t tag = 1; tag <= 8; ++tag)
        CHECK(ledger.peek(with_tag(tag), now).debt == 6 * 1024);
}

TEST_CASE("the table has room for the keys asked for, in sets of eight") {
    const Policy policy{1, 1s, 1};
    CHECK(Ledger{policy, 0}.capacity() == 8);
    CHECK(Ledger{policy, 8}.capacity() == 8);
    CHECK(Ledger{policy, 9}.capacity() == 16);
    CHECK(Ledger{policy, 1'048'576}.capacity() == 1'048'576);
}

TEST_CASE("a key takes eight bytes, however many come") {
    Ledger ledger{{1, 1min, 10}, 1'048'576};
    CHECK(ledger.memory() == std::size_t{8} * 1'048'576);
    for (std::uint64_t client = 0; client < 3'000'000; ++client)
        ledger.take(mix(client), 1, TimePoint{1h});
    CHECK(ledger.memory() == std::size_t{8} * 1'048'576);
}

TEST_CASE("eight keys of one set keep their own buckets") {
    Ledger ledger{{1, 1min, 10}, 8};
    const TimePoint now{1h};
    for (std::uint32_t tag = 1; tag <= 8; ++tag) ledger.take(with_tag(tag), tag, now);
    for (std::uint32_t tag = 1; tag <= 8; ++tag)
        CHECK(ledger.peek(with_tag(tag), now).debt == tag * 1024);
    CHECK(ledger.live_evictions() == 0);
}

TEST_CASE("a full set gives up the bucket that loses least, and counts it") {
    Ledger ledger{{1, 1min, 10}, 8};
    const TimePoint now{1h};
    for (std::uint32_t tag = 1; tag <= 8; ++tag) ledger.take(with_tag(tag), tag == 5 ? 1 : 6, now);
    CHECK(ledger.take(with_tag(9), 4, now).tokens == 4);
    CHECK(ledger.live_evictions() == 1);
    CHECK(ledger.peek(with_tag(5), now).debt == 0);
    CHECK(ledger.peek(with_tag(9), now).debt == 4 * 1024);
    for (const std::uint32_t tag : {1u, 2u, 3u, 4u, 6u, 7u, 8u})
        CHECK(ledger.peek(with_tag(tag), now).debt == 6 * 1024);
}

TEST_CASE("a bucket that has filled up again is no loss") {
    Ledger ledger{{1, 1min, 10}, 8};
    for (std::uint32_t tag = 1; tag <= 8; ++tag) ledger.take(with_tag(tag), 1, TimePoint{1h});
    for (std::uint32_t tag = 11; tag <= 18; ++tag)
        ledger.take(with_tag(tag), 1, TimePoint{1h + 61s});
    CHECK(ledger.live_evictions() == 0);
}

TEST_CASE("a client over its limit stays known while strangers flood the table") {
    Ledger ledger{{1, 1s, 100}, 64};
    Random random{3};
    TimePoint now{1h};
    const std::uint64_t greedy = random.next();
    ledger.take(greedy, 100, now);
    for (int i = 0; i < 10'000; ++i) {
        ledger.take(random.next(), 1, now);
        REQUIRE(ledger.take(greedy, 1, now).tokens == 0);
    }
    CHECK(ledger.live_evictions() > 9'000);
}

TEST_CASE("keys share a bucket only if both set and tag agree") {
    Ledger ledger{{1, 1min, 1}, 1 << 16};
    const TimePoint now{1h};
    const std::uint64_t hash = 0x12345'00000000'042;
    CHECK(ledger.take(hash, 1, now).tokens == 1);
    CHECK(ledger.take(hash + 1, 1, now).tokens == 1);
    CHECK(ledger.take(hash + with_tag(1), 1, now).tokens == 1);
    CHECK(ledger.take(hash + 0x1'0000'0000, 1, now).tokens == 0);
    CHECK(ledger.take(0, 1, now).tokens == 1);  // a hash of zero is a key like others
    CHECK(ledger.take(0, 1, now).tokens == 0);
}

TEST_CASE("a clock that lags sees fewer tokens, never more") {
    Ledger ledger{{100, 1s, 20}, 64};
    const TimePoint now{1h};
    ledger.take(42, 20, now);
    for (const Duration lag : {1ms, 500ms, 9'000ms}) {
        CHECK(ledger.take(42, 20, now - lag).tokens == 0);
        CHECK(ledger.peek(42, now - lag).debt > 20 * 1024);
    }
    CHECK(ledger.take(42, 20, now + 10ms).tokens == 1);
}

TEST_CASE("a clock that jumps ahead fills the bucket once") {
    Ledger ledger{{100, 1s, 20}, 64};
    TimePoint now{1h};
    for (const Duration jump : {Duration{1s}, Duration{24h}, Duration{24h * 365 * 3}}) {
        now += jump;
        CHECK(ledger.take(42, 100, now).tokens == 20);
        CHECK(ledger.take(42, 100, now).tokens == 0);
    }
}

TEST_CASE("a word from before the wrap of the ticks counts as none") {
    Ledger ledger{{1'000'000, 1s, 100}, 64};
    const TimePoint now{1h};
    const auto wrap = (std::int64_t{1} << 34) * 1us;  // as many tokens
    CHECK(ledger.take(42, 100, now).tokens == 100);
    CHECK(ledger.take(42, 100, now + wrap / 2).tokens == 100);
    CHECK(ledger.take(42, 100, now + wrap - 60s).tokens == 100);
}

TEST_CASE("an empty table is empty when the ticks wrap, too") {
    Ledger ledger{{1'000'000, 1s, 1000}, 8};
    const TimePoint now{(std::int64_t{1} << 34) * 1us - 500us};  // zero lies 500 tokens ahead
    for (std::uint32_t tag = 0; tag < 8; ++tag)
        CHECK(ledger.take(with_tag(tag == 1 ? 8 : tag), 1000, now).tokens == 1000);
    CHECK(ledger.live_evictions() == 0);
}

}  // namespace uvoy::limit
