#include "server/catch_up.h"

#include "uv/timer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

/// A thread with a loop whose one callback lasts until it is told to end.
class Busy {
public:
    Busy() {
        timer_.arm({});
        thread_ = std::thread{[this] { loop_.run(); }};
        while (!entered_) std::this_thread::yield();
    }
    ~Busy() {
        leave();
        thread_.join();
    }

    void leave() { left_ = true; }
    const uv::Loop &loop() const { return loop_; }
    int sum() const { return sum_; }

private:
    void on_timer() {
        entered_ = true;
        while (!left_) std::this_thread::yield();
        sum_ = 1;
    }

    uv::Loop loop_;
    uv::Timer timer_{loop_, Delegate<void()>::bind<&Busy::on_timer>(*this)};
    std::atomic<bool> entered_{false};
    std::atomic<bool> left_{false};
    int sum_ = 0;  // no atomic: who has waited may read it
    std::thread thread_;
};

void check_waits_for(Busy &busy, CatchUp &catch_up) {
    std::thread later{[&] {
        std::this_thread::sleep_for(5ms);
        busy.leave();
    }};
    catch_up.wait();
    CHECK(busy.sum() == 1);
    later.join();
}

Duration time_of(CatchUp &catch_up) {
    const TimePoint before = uv::Loop::now();
    catch_up.wait();
    return uv::Loop::now() - before;
}

}  // namespace

TEST_CASE("who waits sees what the callback did") {
    Busy busy;
    CatchUp catch_up;
    catch_up.add(busy.loop());
    check_waits_for(busy, catch_up);
}

TEST_CASE("a callback without an end is waited for but once, and does not hide others") {
    Busy stuck;
    CatchUp catch_up;
    catch_up.add(stuck.loop());
    CHECK(time_of(catch_up) >= CatchUp::patience);
    // The shortest of some, for this thread may have to wait for a CPU.
    Duration shortest = CatchUp::patience;
    for (int i = 0; i < 5; ++i) shortest = std::min(shortest, time_of(catch_up));
    CHECK(shortest < CatchUp::patience / 2);
    Busy busy;
    catch_up.add(busy.loop());
    check_waits_for(busy, catch_up);
}

TEST_CASE("callbacks within callbacks are one") {
    uv::Loop loop;
    CHECK(loop.callbacks() == 0);
    {
        const uv::Loop::Callback outer{loop};
        CHECK(loop.callbacks() == 1);
        {
            const uv::Loop::Callback inner{loop};
            CHECK(loop.callbacks() == 1);
        }
        CHECK(loop.callbacks() == 1);
    }
    CHECK(loop.callbacks() == 2);
}

}  // namespace uvoy::server
