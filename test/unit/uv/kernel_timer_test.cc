#include "uv/kernel_timer.h"

#include "fixture.h"

#include <sys/resource.h>

#include <optional>
#include <thread>

namespace uvoy::uv {
namespace {

/// No descriptor is to be had while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors &) = delete;
    NoDescriptors &operator=(const NoDescriptors &) = delete;

private:
    rlimit before_{};
};

void check_deadlines(Loop &loop, KernelTimer &timer, Counter &counter) {
    for (int i = 1; i <= 20; ++i) {
        const TimePoint deadline = Loop::now() + std::chrono::microseconds{2100};
        timer.arm_at(deadline);
        CHECK(turn_until(loop, [&] { return counter.calls == i; }));
        CHECK(counter.at >= deadline);
        CHECK(counter.at < deadline + std::chrono::seconds{2});
    }
}

}  // namespace

TEST_CASE("a kernel timer is never early, and comes once each time that it is armed") {
    Loop loop;
    Counter counter;
    KernelTimer timer{loop, counter.count()};
    check_deadlines(loop, timer, counter);
    const TimePoint soon = Loop::now() + std::chrono::milliseconds{20};
    CHECK(turn_until(loop, [&] { return Loop::now() > soon; }));
    CHECK(counter.calls == 20);
}

TEST_CASE("where there is no descriptor a kernel timer does without") {
    Loop loop;
    Counter counter;
    std::optional<KernelTimer> timer;
    {
        const NoDescriptors none;
        timer.emplace(loop, counter.count());
    }
    check_deadlines(loop, *timer, counter);
}

TEST_CASE("a kernel timer's deadline in the past expires on a turn, not inside the call") {
    Loop loop;
    Counter counter;
    KernelTimer timer{loop, counter.count()};
    for (const TimePoint past : {TimePoint{}, TimePoint::min(), Loop::now()}) {
        const int before = counter.calls;
        timer.arm_at(past);
        CHECK(counter.calls == before);
        CHECK(turn_until(loop, [&] { return counter.calls == before + 1; }));
    }
}

TEST_CASE("a kernel timer that was moved does not expire at its old time") {
    Loop loop;
    Counter moved, waited, never;
    KernelTimer one{loop, moved.count()}, two{loop, waited.count()}, three{loop, never.count()};
    const TimePoint start = Loop::now();
    one.arm_at(start);
    two.arm_at(start);
    std::this_thread::sleep_for(std::chrono::milliseconds{2});  // it has expired, and is not read
    one.arm_at(start + std::chrono::milliseconds{20});
    three.arm_at(TimePoint::max());
    CHECK(turn_until(loop, [&] { return moved.calls == 1; }));
    CHECK(moved.at - start >= std::chrono::milliseconds{20});
    CHECK(waited.calls == 1);
    CHECK(never.calls == 0);
}

TEST_CASE("a kernel timer may be armed or destroyed inside its own call") {
    Loop loop;
    struct Owner {
        explicit Owner(Loop &loop) { timer.emplace(loop, delegate()); }
        Delegate<void()> delegate() { return Delegate<void()>::bind<&Owner::on_expired>(*this); }
        void on_expired() {
            if (++calls < 3) timer->arm_at(Loop::now());
            else timer.reset();
        }
        std::optional<KernelTimer> timer;
        int calls = 0;
    } owner{loop};
    owner.timer->arm_at(Loop::now());
    CHECK(turn_until(loop, [&] { return !owner.timer; }));
    CHECK(owner.calls == 3);
    loop.run();  // nothing is left to wait for
}

}  // namespace uvoy::uv
