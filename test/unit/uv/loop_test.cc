#include "base/log.h"
#include "uv/async.h"
#include "uv/signal.h"
#include "uv/watch.h"

#include "fixture.h"

#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <optional>
#include <thread>

namespace uvoy::uv {

namespace {

struct Nobody {
    void on_ready(std::uint32_t) {}
} nobody;

}  // namespace

TEST_CASE("a timer is never early, even when the turn began long ago") {
    Loop loop;
    for (int i = 0; i < 20; ++i) {
        Counter counter;
        Timer timer{loop, counter.count()};
        std::this_thread::sleep_for(std::chrono::milliseconds{3});  // libuv's clock falls behind
        const TimePoint deadline = Loop::now() + std::chrono::microseconds{2100};
        timer.arm_at(deadline);
        CHECK(turn_until(loop, [&] { return counter.calls == 1; }));
        CHECK(counter.at >= deadline);
    }
}

TEST_CASE("a timer that is armed long after the last turn is not late for that") {
    Loop loop;
    Counter counter;
    Timer timer{loop, counter.count()};
    timer.arm({});
    loop.run();
    constexpr std::chrono::seconds long_ago{1};
    std::this_thread::sleep_for(long_ago);
    const TimePoint start = Loop::now();
    timer.arm(std::chrono::milliseconds{5});
    loop.run();
    CHECK(counter.calls == 2);
    CHECK(counter.at < start + long_ago);
}

TEST_CASE("a deadline in the past expires on the next turn, not inside the call") {
    Loop loop;
    Counter counter;
    Timer timer{loop, counter.count()};
    timer.arm_at(TimePoint{});
    CHECK(counter.calls == 0);
    loop.run();
    CHECK(counter.calls == 1);
}

TEST_CASE("a timer that was moved or cancelled does not expire at its old time") {
    Loop loop;
    Counter moved, cancelled, never;
    Timer one{loop, moved.count()}, two{loop, cancelled.count()}, three{loop, never.count()};
    const TimePoint start = Loop::now();
    one.arm({});
    one.arm(std::chrono::milliseconds{20});
    two.arm({});
    two.cancel();
    three.arm_at(TimePoint::max());
    CHECK(turn_until(loop, [&] { return moved.calls == 1; }));
    CHECK(moved.at - start >= std::chrono::milliseconds{20});
    CHECK(cancelled.calls == 0);
    CHECK(never.calls == 0);
}

TEST_CASE("stop() ends run() although there is more to wait for") {
    Loop loop;
    struct Stopper {
        explicit Stopper(Loop &on)
            : loop{on}, timer{on, Delegate<void()>::bind<&Stopper::stop>(*this)} {
            timer.arm({});
        }
        void stop() {
            loop.stop();
            timer.arm(std::chrono::hours{1});
        }
        Loop &loop;
        Timer timer;
    } stopper{loop};
    loop.run();
    CHECK(Loop::now() > TimePoint{});
}

TEST_CASE("sends from another thread wake the loop at least once, and at most once each") {
    Loop loop;
    Counter counter;
    std::atomic<int> sent{0};
    Async async{loop, counter.count()};
    std::thread sender{[&] {
        for (int i = 0; i < 100; ++i) {
            ++sent;
            async.send();
        }
    }};
    CHECK(turn_until(loop, [&] { return counter.calls > 0 && sent == 100; }));
    sender.join();
    turn_for(loop, std::chrono::milliseconds{5});
    const int calls = counter.calls;
    CHECK(calls <= 100);
    async.send();
    CHECK(turn_until(loop, [&] { return counter.calls == calls + 1; }));
}

TEST_CASE("a signal arrives on the loop") {
    Loop loop;
    Counter wanted, other;
    const Signal signal{loop, SIGUSR1, wanted.count()};
    const Signal silent{loop, SIGUSR2, other.count()};
    raise(SIGUSR1);
    CHECK(wanted.calls == 0);
    CHECK(turn_until(loop, [&] { return wanted.calls == 1; }));
    CHECK(other.calls == 0);
}

TEST_CASE("a signal that is asked for between two turns is seen by the next, which waits") {
    Loop loop;
    const Pair pair = make_pair(SocketKind::unix_domain);
    Watch watch{loop, pair.near.get(), Watch::OnReady::bind<&Nobody::on_ready>(nobody)};
    REQUIRE(watch.want(Watch::readable));
    loop.run_once(false);
    Counter counter;
    const Signal signal{loop, SIGUSR1, counter.count()};
    loop.run_once();  // tells the kernel of it
    raise(SIGUSR1);
    std::atomic<bool> seen{false};
    std::thread impatient{[&] {
        for (int i = 0; i < 200 && !seen; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        send_text(pair.far, "x");
    }};
    loop.run_once();
    seen = true;
    impatient.join();
    CHECK(counter.calls == 1);
}

namespace {

/// What a child process logs that leaves something on its loop; it must abort.
template <typename Leave>
std::string last_words(Leave leave) {
    std::array<int, 2> out{};
    REQUIRE(pipe(out.data()) == 0);
    const pid_t child = fork();
    if (child == 0) {
        static int to_parent;
        to_parent = out[1];
        log::set_sink([](log::Level, std::string_view line) {
            [[maybe_unused]] const auto ignored = write(to_parent, line.data(), line.size());
        });
        std::signal(SIGABRT, SIG_DFL);
        Loop loop;
        leave(loop);
        loop.~Loop();
        _exit(0);
    }
    close(out[1]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    std::array<char, 1000> text{};
    CHECK(read(out[0], text.data(), text.size() - 1) > 0);
    close(out[0]);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    return text.data();
}

}  // namespace

TEST_CASE("a loop that ends with something open on it says what and aborts") {
    const std::string timer = last_words([](Loop &loop) {
        static uv_timer_t forgotten;
        uv_timer_init(&loop.raw(), &forgotten);
    });
    CHECK(timer.find("an open timer handle") != std::string::npos);
    const std::string watch = last_words([](Loop &loop) {
        static std::optional<Watch> forgotten;
        forgotten.emplace(loop, STDOUT_FILENO, Watch::OnReady{});
    });
    CHECK(watch.find("a watch of descriptor 1") != std::string::npos);
}

TEST_CASE("a loop ends cleanly when handles were closed after its last turn, or after stop()") {
    Loop loop;
    Started one{loop};
    one.overfill();
    loop.stop();
}

}  // namespace uvoy::uv
