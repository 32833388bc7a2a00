#include "uv/poll_end.h"

#include "uv/timer.h"

#include "fixture.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::uv {

namespace {

/// Asks in its first call, and notes the order of what happens.
struct Events {
    explicit Events(Loop &loop)
        : end{loop, Delegate<void()>::bind<&Events::on_end>(*this)},
          first{loop, Delegate<void()>::bind<&Events::on_timer>(*this)} {}

    void on_timer() {
        told += "timer ";
        end.ask();
        end.ask();  // once is enough
    }
    void on_end() { told += "end "; }

    std::string told;
    PollEnd end;
    Timer first;
};

}  // namespace

TEST_CASE("the end of a poll is told once, without waiting for another event") {
    Loop loop;
    Events events{loop};
    Timer late{loop, Delegate<void()>::bind<&Events::on_end>(events)};
    late.arm(std::chrono::minutes{1});  // a poll that waits would wait for this
    events.first.arm({});
    const TimePoint start = Loop::now();
    for (int turn = 0; turn < 3 && events.told != "timer end "; ++turn) loop.run_once();
    CHECK(Loop::now() - start < std::chrono::seconds{50});
    loop.run_once(false);
    CHECK(events.told == "timer end ");
    events.first.arm({});
    CHECK(turn_until(loop, [&] { return events.told == "timer end timer end "; }));
    late.cancel();
}

TEST_CASE("nobody asks, nobody is told") {
    Loop loop;
    Events events{loop};
    Timer timer{loop, Delegate<void()>::bind<&Loop::stop>(loop)};
    timer.arm(std::chrono::milliseconds{1});
    loop.run();
    CHECK(events.told.empty());
}

}  // namespace uvoy::uv
