#include "uv/poll_end.h"

#include "uv/timer.h"

#include "fixture.h"

#include <doctest/doctest.h>

namespace uvoy::uv {

namespace {

/// Is in a hurry when its timer expires, and counts what it is told.
struct Events {
    explicit Events(Loop &loop)
        : end{loop, Delegate<void()>::bind<&Events::on_end>(*this)},
          timer{loop, Delegate<void()>::bind<&Events::on_timer>(*this)} {}

    void on_timer() {
        end.hurry();
        end.hurry();
    }
    void on_end() { ++ends; }

    int ends = 0;
    PollEnd end;
    Timer timer;
};

}  // namespace

TEST_CASE("the end of each poll is told, and who is in a hurry does not wait for an event") {
    Loop loop;
    Events events{loop};
    Timer late{loop, Delegate<void()>::bind<&Loop::stop>(loop)};
    late.arm(std::chrono::minutes{1});  // a poll that waits would wait for this
    events.timer.arm({});
    const TimePoint start = Loop::now();
    loop.run_once();
    loop.run_once(false);
    CHECK(Loop::now() - start < std::chrono::seconds{50});
    CHECK(events.ends == 2);
}

TEST_CASE("whoever is in no hurry waits for an event, and keeps no loop alive") {
    Loop loop;
    Events events{loop};
    Timer timer{loop, Delegate<void()>::bind<&Events::on_end>(events)};
    timer.arm(std::chrono::milliseconds{20});
    const TimePoint start = Loop::now();
    loop.run();
    CHECK(Loop::now() - start >= std::chrono::milliseconds{20});
    CHECK(events.ends >= 2);
}

}  // namespace uvoy::uv
