#include "base/timer_wheel.h"

#include "base/random.h"

#include <doctest/doctest.h>

#include <array>
#include <memory>

namespace uvoy {

using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};

/// How many alarms ring when the clock stands at `now`.
int ring(TimerWheel &wheel, TimePoint now) {
    int count = 0;
    while (wheel.expire(now) != nullptr) ++count;
    return count;
}

}  // namespace

TEST_CASE("an alarm rings at its time, up to a tick late and never early") {
    for (const Duration delay : {1ns, Duration{3999us}, Duration{4ms}, Duration{5ms}, Duration{16s},
                                 Duration{17s}, Duration{3h}}) {
        CAPTURE(delay.count());
        TimerWheel wheel{start};
        Alarm alarm;
        wheel.set(alarm, start + delay);
        TimePoint now = start;
        int rang = 0;
        // As a driver does: sleep until next(), look.
        while (rang == 0) {
            REQUIRE(wheel.next() != TimePoint::max());
            now = std::max(now + 1ns, wheel.next());
            rang = ring(wheel, now);
            if (rang == 0) CHECK(now < start + delay + TimerWheel::tick);
        }
        CHECK(now >= start + delay);
        CHECK(now <= start + delay + TimerWheel::tick);
        CHECK(wheel.next() == TimePoint::max());
    }
}

TEST_CASE("an alarm that was put off does not ring at its first time") {
    TimerWheel wheel{start};
    Alarm alarm;
    wheel.set(alarm, start + 10ms);
    wheel.set(alarm, start + 50ms);
    CHECK(ring(wheel, start + 40ms) == 0);
    CHECK(ring(wheel, start + 60ms) == 1);
}

TEST_CASE("an alarm may be brought forward, and taken back") {
    TimerWheel wheel{start};
    Alarm sooner;
    Alarm never;
    wheel.set(sooner, start + 1s);
    wheel.set(sooner, start + 10ms);
    wheel.set(never, start + 10ms);
    wheel.set(never, TimePoint::max());
    CHECK(ring(wheel, start + 20ms) == 1);
    CHECK(ring(wheel, start + 1h) == 0);
}

TEST_CASE("an alarm that dies is out of the wheel") {
    TimerWheel wheel{start};
    auto alarm = std::make_unique<Alarm>();
    Alarm other;
    wheel.set(*alarm, start + 10ms);
    wheel.set(other, start + 10ms);
    alarm.reset();
    CHECK(ring(wheel, start + 20ms) == 1);
}

TEST_CASE("whatever is set, all of it rings and in time") {
    Random random{42};
    TimerWheel wheel{start};
    std::array<Alarm, 500> alarms;
    std::array<TimePoint, 500> due;
    TimePoint now = start;
    for (std::size_t i = 0; i < alarms.size(); ++i) {
        due[i] = now + std::chrono::microseconds{random.below(40'000'000)};
        wheel.set(alarms[i], due[i]);
    }
    std::size_t rang = 0;
    while (wheel.next() != TimePoint::max()) {
        now = std::max(now, wheel.next()) + std::chrono::microseconds{random.below(20'000)};
        while (const Alarm *alarm = wheel.expire(now)) {
            const auto i = static_cast<std::size_t>(alarm - alarms.data());
            CHECK(due[i] <= now);
            CHECK(due[i] > now - 30ms);
            ++rang;
        }
    }
    CHECK(rang == alarms.size());
}

}  // namespace uvoy
