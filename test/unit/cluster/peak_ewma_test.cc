#include "cluster/peak_ewma.h"

#include <doctest/doctest.h>

#include <cmath>

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1'000'000s};

std::uint64_t nanoseconds(Duration duration) {
    return static_cast<std::uint64_t>(duration.count());
}

/// One endpoint and its clock.
struct Watch {
    void observe(Duration latency) { ewma.observe(latency, now); }
    void fail(Duration elapsed = 0ms) { ewma.observe_failure(elapsed, now); }
    double milliseconds() const { return static_cast<double>(ewma.latency(now)) / 1e6; }

    PeakEwma ewma;
    TimePoint now = start;
};

doctest::Approx about(double milliseconds) { return doctest::Approx(milliseconds).epsilon(0.01); }

}  // namespace

TEST_CASE("nothing is known before the first observation, nor after it was forgotten") {
    Watch watch;
    CHECK(watch.ewma.latency(start) == 0);
    watch.observe(5ms);
    CHECK(watch.ewma.latency(start) == nanoseconds(5ms));
    watch.ewma.forget();
    CHECK(watch.ewma.latency(start) == 0);
}

TEST_CASE("a longer time counts at once, a shorter one of the same moment not at all") {
    Watch watch;
    watch.observe(5ms);
    watch.observe(80ms);
    CHECK(watch.milliseconds() == 80);
    watch.observe(5ms);
    CHECK(watch.milliseconds() == 80);
    watch.now += 1s;
    watch.observe(300ms);
    CHECK(watch.milliseconds() == 300);
}

TEST_CASE("shorter times pull it down by an e-th in ten seconds, however many they are") {
    for (const Duration pause : {Duration{5ms}, Duration{50ms}, Duration{1s}, Duration{10s}}) {
        CAPTURE(pause.count());
        Watch watch;
        watch.observe(1s);
        while (watch.now < start + 10s) {
            watch.now += pause;
            watch.observe(100ms);
        }
        CHECK(watch.milliseconds() == doctest::Approx(100 + 900 / std::exp(1)).epsilon(0.02));
    }
}

TEST_CASE("a time that does not change is kept") {
    Watch watch;
    for (int i = 0; i < 10'000; ++i) {
        watch.now += 7ms;
        watch.observe(7ms);
    }
    CHECK(watch.milliseconds() == 7);
}

TEST_CASE("small differences are not lost in rounding") {
    Watch watch;
    watch.observe(1001us);
    while (watch.now < start + 60s) {
        watch.now += 1ms;
        watch.observe(1ms);
    }
    CHECK(watch.ewma.latency(watch.now) < nanoseconds(1ms) + 50);
}

TEST_CASE("in silence it decays, down to what is noise") {
    Watch watch;
    watch.observe(8s);
    for (int seconds = 1; seconds < 70; ++seconds) {
        CAPTURE(seconds);
        const double expected = 8'000 * std::exp(-0.1 * seconds);
        CHECK(static_cast<double>(watch.ewma.latency(start + seconds * 1s)) / 1e6 ==
              about(expected));
    }
    CHECK(watch.ewma.latency(start + 300s) == nanoseconds(PeakEwma::noise));
    CHECK(watch.ewma.latency(start + 20 * 24h) == nanoseconds(PeakEwma::noise));
}

TEST_CASE("it never grows without an observation") {
    Watch watch;
    watch.observe(9s);
    std::uint64_t last = watch.ewma.latency(watch.now);
    for (int i = 0; i < 100'000; ++i) {
        watch.now += 4ms;
        const std::uint64_t next = watch.ewma.latency(watch.now);
        REQUIRE(next <= last);
        last = next;
    }
}

TEST_CASE("a failure counts twice what the endpoint took, ten milliseconds, or its own time") {
    Watch watch;
    watch.fail();
    CHECK(watch.milliseconds() == 10);
    watch.fail();
    CHECK(watch.milliseconds() == 20);
    watch.fail(300ms);
    CHECK(watch.milliseconds() == 300);
    watch.fail(1ms);
    CHECK(watch.milliseconds() == 600);
    // Twice what is left of it.
    watch.now += 10s;
    watch.fail();
    CHECK(watch.milliseconds() > 2 * 600 / std::exp(1));
    CHECK(watch.milliseconds() < 600);
}

TEST_CASE("ten seconds is the longest that counts") {
    Watch watch;
    watch.observe(3'600s);
    CHECK(watch.milliseconds() == 10'000);
    for (int i = 0; i < 100; ++i) watch.fail(3'600s);
    CHECK(watch.milliseconds() == 10'000);
}

TEST_CASE("a worker whose clock is a little behind sees no other value") {
    Watch watch;
    watch.observe(50ms);
    CHECK(watch.ewma.latency(start - 1s) == nanoseconds(50ms));
    watch.ewma.observe(5ms, start - 1s);
    CHECK(watch.milliseconds() == 50);
}

TEST_CASE("the stamp may wrap") {
    // A tick is 2^22 ns and the stamp has 30 bits.
    Watch watch;
    watch.now = TimePoint{Duration{(std::int64_t{1} << 52) - 1}};
    watch.observe(50ms);
    watch.now += 10s;
    CHECK(watch.milliseconds() == about(50 / std::exp(1)));
}

}  // namespace uvoy::cluster
