#include "limit/meter.h"

#include <doctest/doctest.h>

#include <cmath>

namespace uvoy::limit {

using namespace std::chrono_literals;

static const Policy policies[] = {
    {1, 24h, 1},
    {1, 1h, 1},
    {1, 1min, 5},
    {3, 1s, 3},
    {7, 1min, 2},
    {100, 1s, 20},
    {20'000, 1s, 200},
    {1'000'000, 1s, 1000},
    {1'000'000'000, 1s, 7},
    {4'294'967'295, 1s, 4'294'967'295},
};

TEST_CASE("a token costs 1024 ticks at any rate, to one part in ten million") {
    for (const Policy &policy : policies) {
        CAPTURE(policy.tokens);
        CAPTURE(policy.period.count());
        const Meter meter{policy};
        const double token = static_cast<double>(policy.period.count()) / policy.tokens;
        const Duration span = token > 1e6 ? Duration{policy.period * 10'000} : Duration{1s};
        const TimePoint start{2h};
        const std::uint64_t ticks =
            (meter.ticks(start + span) - meter.ticks(start)) & Meter::tick_mask;
        const double expected = static_cast<double>(span.count()) / token * 1024;
        CHECK(std::abs(static_cast<double>(ticks) / expected - 1) < 1e-7);
    }
}

TEST_CASE("a clock moved by duration() sees all of its ticks and hardly one more") {
    for (const Policy &policy : policies) {
        CAPTURE(policy.tokens);
        CAPTURE(policy.period.count());
        const Meter meter{policy};
        const double tick = static_cast<double>(policy.period.count()) / policy.tokens / 1024;
        for (const Duration start : {0ns, 1ns, 999'999'937ns, Duration{400 * 24h}}) {
            for (const std::uint64_t ticks : {1u, 2u, 1023u, 1024u, 20'480u}) {
                const Duration wait = meter.duration(ticks);
                const std::uint64_t seen =
                    meter.ticks(TimePoint{start + wait}) - meter.ticks(TimePoint{start});
                CHECK((seen & Meter::tick_mask) >= ticks);
                CHECK(static_cast<double>(wait.count()) <= tick * static_cast<double>(ticks) + 1);
            }
        }
    }
}

TEST_CASE("a wait beyond a century is a century") {
    const Meter meter{{1, 24h * 365, 4'294'967'295}};
    CHECK(meter.duration(Meter::tick_mask) == 24h * 365 * 100);
}

TEST_CASE("a debt is what lies ahead, across the wrap, and nothing from before it") {
    const Meter meter{{100, 1s, 20}};
    const std::uint64_t last = Meter::tick_mask;
    const std::uint64_t most = 20 * 1024 + 10 * 100 * 1024;  // the burst and ten seconds
    CHECK(meter.debt(5000, 5000) == 0);
    CHECK(meter.debt(5001, 5000) == 1);
    CHECK(meter.debt(4999, 5000) == 0);
    CHECK(meter.debt(99, last) == 100);
    CHECK(meter.debt(last, 99) == 0);
    CHECK(meter.debt(5000 + most, 5000) > 0);
    CHECK(meter.debt(5000 + most + 1, 5000) == 0);
}

TEST_CASE("a verdict counts what is held and tells the wait for a token") {
    const Meter meter{{100, 1s, 20}};  // a token is 10 ms
    struct {
        std::uint64_t debt;
        std::uint32_t held, remaining;
        Duration retry_after;
    } const cases[] = {
        {0, 0, 20, 0ms},
        {1, 0, 19, 0ms},
        {1024, 0, 19, 0ms},
        {19 * 1024, 0, 1, 0ms},
        {19 * 1024 + 512, 0, 0, 5ms},
        {20 * 1024, 0, 0, 10ms},
        {20 * 1024, 3, 3, 0ms},
        {21 * 1024, 0, 0, 20ms},
        {1024, 3, 20, 0ms},
    };
    for (const auto &expected : cases) {
        CAPTURE(expected.debt);
        const Verdict verdict = meter.verdict(true, expected.debt, expected.held);
        CHECK(verdict.remaining == expected.remaining);
        CHECK(meter.retry_after(verdict) == expected.retry_after);
    }
}

}  // namespace uvoy::limit
