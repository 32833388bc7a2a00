#include "uv/turns.h"

#include "uv/timer.h"

#include "fixture.h"

#include <doctest/doctest.h>

#include <optional>

namespace uvoy::uv {

namespace {

/// Is in a hurry when its timer expires, and counts what it is told.
struct Events {
    explicit Events(Loop &loop)
        : turns{loop, Delegate<void()>::bind<&Events::on_begin>(*this),
                Delegate<void()>::bind<&Events::on_end>(*this)},
          timer{loop, Delegate<void()>::bind<&Events::on_timer>(*this)} {}

    void on_timer() {
        turns.hurry();
        turns.hurry();
    }
    void on_begin() {
        CHECK(begins == ends);
        ++begins;
    }
    void on_end() { ++ends; }
    void on_expired() { ++expiries; }

    int begins = 0;
    int ends = 0;
    int expiries = 0;
    Turns turns;
    Timer timer;
};

}  // namespace

TEST_CASE(
    "beginning and end of each turn are told, and who is in a hurry does not wait for an event") {
    Loop loop;
    Events events{loop};
    Timer late{loop, Delegate<void()>::bind<&Loop::stop>(loop)};
    late.arm(std::chrono::minutes{1});  // a poll that waits would wait for this
    events.timer.arm({});
    const TimePoint start = Loop::now();
    loop.run_once();
    loop.run_once(false);
    CHECK(Loop::now() - start < std::chrono::seconds{50});
    CHECK(events.begins == 2);
    CHECK(events.ends == 2);
}

TEST_CASE("turns may go and come while they are told") {
    Loop loop;
    struct Renewed {
        explicit Renewed(Loop &on) : loop{on} { renew(); }
        void renew() {
            turns.emplace(loop, Delegate<void()>::bind<&Renewed::on_begin>(*this),
                          Delegate<void()>::bind<&Renewed::on_end>(*this));
        }
        void on_begin() { ++begins; }
        void on_end() {
            ++ends;
            turns.reset();
            if (ends < 3) renew();
        }
        Loop &loop;
        std::optional<Turns> turns;
        int begins = 0;
        int ends = 0;
    } renewed{loop};
    Events other{loop};
    for (int i = 0; i < 5; ++i) loop.run_once(false);
    CHECK(renewed.begins == 3);
    CHECK(renewed.ends == 3);
    CHECK(other.begins == 5);
    CHECK(other.ends == 5);
}

TEST_CASE("whoever is in no hurry waits for an event, and keeps no loop alive") {
    Loop loop;
    Events events{loop};
    Timer timer{loop, Delegate<void()>::bind<&Events::on_expired>(events)};
    timer.arm(std::chrono::milliseconds{20});
    const TimePoint start = Loop::now();
    loop.run();
    CHECK(Loop::now() - start >= std::chrono::milliseconds{20});
    CHECK(events.expiries == 1);
    CHECK(events.ends >= 2);
}

}  // namespace uvoy::uv
