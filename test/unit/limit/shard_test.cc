#include "limit/shard.h"

#include "base/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace uvoy::limit {

using namespace std::chrono_literals;

static constexpr std::uint64_t key = 0x0123'4567'89ab'cdef;

/// Several workers in one thread, in an order of the seed's.
struct Workers {
    Workers(const Policy &policy, int count) : ledger{policy, 1024} {
        for (int i = 0; i < count; ++i) shards.emplace_back(ledger);
    }

    bool admit(TimePoint now, std::uint64_t of = key) {
        Shard &shard = shards[random.below(static_cast<std::uint32_t>(shards.size()))];
        for (Shard &other : shards)
            if (other.deadline() <= now) other.on_deadline(now);
        return shard.admit(of, now).admitted;
    }

    Ledger ledger;
    std::deque<Shard> shards;
    Random random{11};
};

/// Checks a history of admissions against the bound of the policy over every window.
static void check_windows(const std::vector<TimePoint> &admitted, const Policy &policy,
                          std::uint64_t leased) {
    const double rate = policy.tokens / std::chrono::duration<double>{policy.period}.count();
    // admitted(i..j) <= burst + rate * (t_j - t_i) + leased, for all i <= j in one pass: the
    // left side minus rate * t may not climb above its lowest value so far by more than the rest.
    double lowest = 1e18;
    double worst = 0;
    for (std::size_t i = 0; i < admitted.size(); ++i) {
        const double flow = rate * std::chrono::duration<double>{admitted[i] - admitted[0]}.count();
        lowest = std::min(lowest, static_cast<double>(i) - flow);
        worst = std::max(worst, static_cast<double>(i) + 1 - flow - lowest);
    }
    CHECK(worst <= policy.burst + static_cast<double>(leased) + 0.01);
}

TEST_CASE("all workers together admit the limit, whatever their number") {
    struct {
        Policy policy;
        Duration step, length;
    } const cases[] = {
        {{1, 1min, 1}, 1s, 2h},        {{1, 1min, 5}, 700ms, 2h},
        {{100, 1s, 20}, 1ms, 20s},     {{100, 1s, 1}, 2ms, 20s},
        {{20'000, 1s, 200}, 11us, 3s}, {{20'000, 1s, 20'000}, 13us, 3s},
        {{1, 1h, 1}, 1min, 24h * 30},
    };
    for (const auto &run : cases) {
        for (const int count : {1, 2, 4, 16, 32}) {
            CAPTURE(run.policy.tokens);
            CAPTURE(run.policy.burst);
            CAPTURE(count);
            Workers workers{run.policy, count};
            std::vector<TimePoint> admitted;
            const TimePoint start{90s};
            for (TimePoint now = start; now < start + run.length; now += run.step)
                if (workers.admit(now)) admitted.push_back(now);

            const double rate =
                run.policy.tokens / std::chrono::duration<double>{run.policy.period}.count();
            const double limit =
                run.policy.burst + rate * std::chrono::duration<double>{run.length}.count();
            const std::uint64_t leased =
                static_cast<std::uint64_t>(count) * (workers.shards[0].max_lease() - 1);
            CHECK(static_cast<double>(admitted.size()) <= limit + 1);
            CHECK(static_cast<double>(admitted.size()) >=
                  0.99 * limit - 1 - static_cast<double>(leased));
            check_windows(admitted, run.policy, leased);
        }
    }
}

TEST_CASE("after the burst the steady state is the rate, to one percent in each second") {
    for (const std::uint32_t rate : {100u, 20'000u}) {
        Workers workers{{rate, 1s, 20}, 4};
        const Duration step = Duration{1s} / (rate * 5);
        TimePoint now{1h};
        for (int second = 0; second < 10; ++second) {
            std::uint32_t admitted = 0;
            for (const TimePoint end = now + 1s; now < end; now += step)
                admitted += workers.admit(now);
            CAPTURE(second);
            const std::uint32_t limit = second == 0 ? rate + 20 : rate;
            CHECK(admitted <= limit + limit / 100);
            CHECK(admitted >= limit - limit / 100);
        }
    }
}

TEST_CASE("a client below its limit is never rejected, on any worker") {
    Workers workers{{20'000, 1s, 200}, 4};
    TimePoint now{1h};
    for (int i = 0; i < 50'000; ++i, now += 51us) REQUIRE(workers.admit(now));
}

TEST_CASE("one connection on one of many workers gets the whole limit") {
    Workers workers{{100, 1s, 20}, 16};
    int admitted = 0;
    const TimePoint start{1h};
    for (TimePoint now = start; now < start + 10s; now += 1ms)
        admitted += workers.shards[0].admit(key, now).admitted;
    CHECK(admitted >= 1018);
    CHECK(admitted <= 1020);
}

TEST_CASE("small limits are not leased, generous ones a millisecond at a time") {
    struct {
        Policy policy;
        std::uint32_t lease;
    } const cases[] = {
        {{100, 1s, 20}, 1},        {{1, 1h, 1000}, 1},         {{20'000, 1s, 20}, 1},
        {{20'000, 1s, 200}, 12},   {{20'000, 1s, 20'000}, 20}, {{1'000'000, 1s, 1'000'000}, 1000},
        {{60'000, 1min, 1000}, 1},
    };
    for (const auto &expected : cases) {
        Ledger ledger{expected.policy, 8};
        CAPTURE(expected.policy.tokens);
        CHECK(Shard{ledger}.max_lease() == expected.lease);
    }
}

TEST_CASE("a busy key's lease grows to the cap and spares the ledger") {
    Ledger ledger{{20'000, 1s, 20'000}, 8};
    Shard shard{ledger};
    const TimePoint now{1h};
    int touched = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t before = ledger.peek(key, now).debt;
        CHECK(shard.admit(key, now).admitted);
        touched += ledger.peek(key, now).debt != before;
    }
    CHECK(touched >= 50);
    CHECK(touched <= 60);
}

TEST_CASE("what a lease has not used goes back when it ends") {
    Ledger ledger{{20'000, 1s, 20'000}, 8};
    Shard shard{ledger};
    const TimePoint now{1h};
    const TimePoint end = now + Shard::lease_time;
    ledger.take(key, 1000, now);  // by another worker
    CHECK(shard.deadline() == TimePoint::max());
    shard.admit(key, now);  // a lease of 1
    CHECK(shard.deadline() == TimePoint::max());
    shard.admit(key, now);  // a lease of 2, one of them unused
    CHECK(shard.deadline() == end);
    CHECK(ledger.peek(key, now).debt == 1003 * 1024);
    shard.on_deadline(end - 1ns);
    CHECK(ledger.peek(key, now).debt == 1003 * 1024);
    shard.on_deadline(end);
    CHECK(ledger.peek(key, now).debt == 1002 * 1024);
    CHECK(shard.deadline() == TimePoint::max());
}

TEST_CASE("a lease that ended is not spent, even if nobody called the deadline") {
    Ledger ledger{{20'000, 1s, 200}, 8};
    Shard shard{ledger};
    const TimePoint now{1h};
    for (int i = 0; i < 20; ++i) shard.admit(key, now);
    int admitted = 0;
    while (shard.admit(key, now + 1h).admitted) ++admitted;
    CHECK(admitted == 200);
}

TEST_CASE("leases end in the order they were taken, and release() ends all") {
    Ledger ledger{{20'000, 1s, 20'000}, 64};
    Shard shard{ledger};
    const TimePoint now{1h};
    const std::uint64_t keys[] = {(1ull << 24) + 1, (2ull << 24) + 2, (3ull << 24) + 3};
    for (int i = 0; i < 3; ++i) {
        ledger.take(keys[i], 1000, now);
        for (int n = 0; n < 2; ++n) shard.admit(keys[i], now + i * 1ms);
    }
    shard.admit(keys[1], now + 3ms);  // uses up the middle lease
    CHECK(shard.deadline() == now + 10ms);
    shard.on_deadline(now + 10ms);
    CHECK(shard.deadline() == now + 12ms);
    shard.release(now + 10ms);
    CHECK(shard.deadline() == TimePoint::max());
    CHECK(ledger.peek(keys[0], now).debt == 1002 * 1024);
    CHECK(ledger.peek(keys[1], now).debt == 1003 * 1024);
    CHECK(ledger.peek(keys[2], now).debt == 1002 * 1024);
}

TEST_CASE("keys that want the same slot each get their limit") {
    Ledger ledger{{20'000, 1s, 200}, 64};
    Shard shard{ledger, 1};
    TimePoint now{1h};
    std::uint64_t admitted[3] = {};
    const TimePoint end = now + 2s;
    for (int i = 0; now < end; ++i, now += 5us) {
        if (shard.deadline() <= now) shard.on_deadline(now);
        admitted[i % 3] += shard.admit(static_cast<std::uint64_t>(i % 3 + 1) << 50, now).admitted;
    }
    for (const std::uint64_t of_key : admitted) {
        CHECK(of_key <= 40'201);
        CHECK(of_key >= 39'800);
    }
}

TEST_CASE("a key with a lease keeps its slot until the lease ends") {
    Ledger ledger{{20'000, 1s, 20'000}, 64};
    Shard shard{ledger, 1};
    const TimePoint now{1h};
    const TimePoint end = now + Shard::lease_time;
    for (int i = 0; i < 2; ++i) shard.admit(key, now);
    CHECK(shard.admit(~key, end - 1ms).admitted);
    CHECK(shard.deadline() == end);
    for (int i = 0; i < 2; ++i) CHECK(shard.admit(~key, end).admitted);
    CHECK(shard.deadline() == end + Shard::lease_time);
}

TEST_CASE("a lease is good when the ledger has run dry") {
    Ledger ledger{{20'000, 1s, 200}, 8};
    Shard shard{ledger};
    const TimePoint now{1h};
    for (int i = 0; i < 2; ++i) shard.admit(key, now);
    CHECK(ledger.take(key, 1000, now).tokens == 197);
    CHECK(shard.check(key, now).admitted);
    CHECK(shard.admit(key, now).admitted);
    CHECK_FALSE(shard.check(key, now).admitted);
    CHECK_FALSE(shard.admit(key, now).admitted);
}

TEST_CASE("an answer names what remains and when to come back") {
    Ledger ledger{{100, 1s, 2}, 64};
    Shard shard{ledger};
    const TimePoint now{1h};
    Verdict verdict = shard.admit(key, now);
    CHECK(verdict.admitted);
    CHECK(verdict.remaining == 1);
    CHECK(verdict.debt == 1024);
    CHECK(shard.meter().retry_after(verdict) == 0ns);
    shard.admit(key, now);
    verdict = shard.admit(key, now + 4ms);
    CHECK_FALSE(verdict.admitted);
    CHECK(verdict.remaining == 0);
    const Duration wait = shard.meter().retry_after(verdict);
    CHECK(wait > 5'980us);
    CHECK(wait <= 6'010us);
    CHECK(shard.admit(key, now + 4ms + wait).admitted);
}

TEST_CASE("who waits as long as told is admitted, at any rate and any time") {
    Random random{5};
    for (const Policy policy :
         {Policy{1, 1min, 1}, {7, 1min, 3}, {100, 1s, 20}, {20'000, 1s, 20}}) {
        Ledger ledger{policy, 64};
        Shard shard{ledger};
        TimePoint now{1h};
        for (int i = 0; i < 2000; ++i) {
            const Verdict verdict = shard.admit(key, now);
            if (verdict.admitted) {
                now += Duration{random.below(1000)};
                continue;
            }
            const Duration wait = shard.meter().retry_after(verdict);
            REQUIRE(wait > 0ns);
            now += wait;
            REQUIRE(shard.admit(key, now).admitted);
        }
    }
}

TEST_CASE("what remains of a leased limit counts down by one a request") {
    Ledger ledger{{20'000, 1s, 200}, 8};
    Shard shard{ledger};
    const TimePoint now{1h};
    for (std::uint32_t i = 1; i <= 200; ++i) {
        CHECK(shard.check(key, now).remaining == 201 - i);
        const Verdict verdict = shard.admit(key, now);
        CHECK(verdict.admitted);
        CHECK(verdict.remaining == 200 - i);
    }
    CHECK_FALSE(shard.check(key, now).admitted);
    CHECK_FALSE(shard.admit(key, now).admitted);
}

TEST_CASE("a refunded token is there for the next request") {
    for (const Policy policy : {Policy{100, 1s, 20}, {20'000, 1s, 200}}) {
        Ledger ledger{policy, 8};
        Shard shard{ledger};
        const TimePoint now{1h};
        for (std::uint32_t i = 0; i < 5 * policy.burst; ++i) {
            REQUIRE(shard.admit(key, now).admitted);
            shard.refund(key, now);
        }
        std::uint32_t admitted = 0;
        while (shard.admit(key, now).admitted) ++admitted;
        CHECK(admitted == policy.burst);
    }
}

}  // namespace uvoy::limit
