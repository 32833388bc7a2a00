#include "uv/watch.h"

#include "fixture.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace uvoy::uv {
namespace {

/// Notes what it is told, and does what it is asked to meanwhile.
struct Watcher {
    Watcher(Loop &on, int fd)
        : loop{on},
          watch{std::make_unique<Watch>(on, fd, Watch::OnReady::bind<&Watcher::on_ready>(*this))} {}

    void on_ready(std::uint32_t events) {
        told.push_back(events);
        if (victim != nullptr) victim->watch.reset();
        if (victim != nullptr && heir != nullptr) {
            victim->watch = std::make_unique<Watch>(
                loop, heir->get(), Watch::OnReady::bind<&Watcher::on_ready>(*victim));
            CHECK(victim->watch->want(Watch::readable));
        }
    }

    Loop &loop;
    std::vector<std::uint32_t> told;
    std::unique_ptr<Watch> watch;
    Watcher *victim = nullptr;             ///< destroyed when this one is told
    const FileDescriptor *heir = nullptr;  ///< what it then watches anew
};

/// A watch that would have something to tell, of a descriptor that somebody else has too.
struct Shared {
    Shared() {
        send_text(pair.far, "x");
        REQUIRE(one.watch->want(Watch::readable));
    }
    void close() { pair.near = FileDescriptor{}; }

    Loop loop;
    Pair pair = make_pair(SocketKind::unix_domain);
    FileDescriptor elsewhere = duplicate(pair.near);
    Watcher one{loop, pair.near.get()};
};

/// Few, if the loop sleeps.
int turns_of_20_ms(Loop &loop) {
    Counter counter;
    Timer timer{loop, counter.count()};
    timer.arm(std::chrono::milliseconds{20});
    int turns = 0;
    for (; counter.calls == 0; ++turns) loop.run_once();
    return turns;
}

}  // namespace

TEST_CASE("a watch tells what is wanted, each turn for as long as it is so") {
    Loop loop;
    const Pair pair = make_pair(SocketKind::unix_domain);
    Watcher one{loop, pair.near.get()};
    loop.run_once(false);
    CHECK(one.told.empty());
    REQUIRE(one.watch->want(Watch::writable));
    loop.run_once(false);
    loop.run_once(false);
    CHECK(one.told == std::vector{Watch::writable, Watch::writable});
    one.told.clear();
    REQUIRE(one.watch->want(Watch::readable));
    loop.run_once(false);
    CHECK(one.told.empty());
    send_text(pair.far, "x");
    loop.run_once(false);
    REQUIRE(one.watch->want(Watch::readable | Watch::writable));
    loop.run_once(false);
    CHECK(one.told == std::vector{Watch::readable, Watch::readable | Watch::writable});
    REQUIRE(one.watch->want(0));
    loop.run_once(false);
    loop.run_once(false);
    CHECK(one.told.size() == 2);
    REQUIRE(one.watch->want(Watch::readable));
    loop.run_once(false);
    CHECK(one.told.back() == Watch::readable);
    CHECK(one.told.size() == 3);
}

TEST_CASE("a peer that is gone is told unasked, but not to who wants nothing, who may sleep") {
    Loop loop;
    Pair pair = make_pair(SocketKind::unix_domain);
    Watcher one{loop, pair.near.get()};
    REQUIRE(one.watch->want(Watch::writable));
    REQUIRE(one.watch->want(0));
    pair.far = FileDescriptor{};
    turn_for(loop, std::chrono::milliseconds{5});
    CHECK(one.told.empty());
    CHECK(turns_of_20_ms(loop) < 5);
    REQUIRE(one.watch->want(Watch::readable));
    loop.run_once(false);
    REQUIRE(one.told.size() == 1);
    CHECK((one.told[0] & Watch::broken) != 0);
}

TEST_CASE("who was destroyed earlier in a turn is told nothing, nor is who got its descriptor") {
    for (const bool again : {false, true}) {
        Loop loop;
        const std::array pairs{make_pair(SocketKind::tcp), make_pair(SocketKind::tcp)};
        Watcher one{loop, pairs[0].near.get()};
        Watcher two{loop, pairs[1].near.get()};
        one.victim = &two;  // whichever is told first
        two.victim = &one;
        if (again) {
            one.heir = &pairs[1].near;
            two.heir = &pairs[0].near;
        }
        for (const Pair &pair : pairs) send_text(pair.far, "x");
        REQUIRE(one.watch->want(Watch::readable));
        REQUIRE(two.watch->want(Watch::readable));
        loop.run_once(false);
        CHECK(one.told.size() + two.told.size() == 1);
    }
}

TEST_CASE("a forgotten watch says nothing, though somebody has the descriptor still") {
    Shared shared;
    shared.one.watch->forget();
    shared.one.watch->forget();
    shared.close();
    shared.loop.run_once(false);
    shared.one.watch.reset();
    shared.loop.run_once(false);
    CHECK(shared.one.told.empty());
    shared.loop.run();  // nothing is left to wait for
}

TEST_CASE("a destroyed watch takes its descriptor off the kernel's list") {
    Shared shared;
    shared.one.watch.reset();
    shared.close();
    CHECK(turns_of_20_ms(shared.loop) < 5);
}

TEST_CASE("what cannot be watched is refused, and a stream of it breaks") {
    Loop loop;
    FileDescriptor file{open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    Watcher one{loop, file.get()};
    CHECK_FALSE(one.watch->want(Watch::readable));
    one.watch.reset();
    Recorder events;
    const auto transport = StreamTransport::adopt(loop, file.release());
    transport->start(events);
    CHECK(events.log.empty());
    CHECK(turn_until(loop, [&] { return !events.log.empty(); }));
    turn_for(loop, std::chrono::milliseconds{5});
    CHECK(events.log == Strings{"broken"});
}

TEST_CASE("a loop waits as long as there is a watch that wants something") {
    Loop loop;
    const Pair pair = make_pair(SocketKind::unix_domain);
    Watcher idle{loop, pair.far.get()};
    loop.run();
    struct Stopper {
        void on_ready(std::uint32_t) {
            ++calls;
            loop.stop();
        }
        Loop &loop;
        int calls = 0;
    } stopper{loop};
    Watch watch{loop, pair.near.get(), Watch::OnReady::bind<&Stopper::on_ready>(stopper)};
    REQUIRE(watch.want(Watch::readable));
    std::thread writer{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        send_text(pair.far, "x");
    }};
    loop.run();
    writer.join();
    CHECK(stopper.calls == 1);
}

TEST_CASE("however many descriptors are ready, a turn tells of all") {
    constexpr std::size_t many = 2500;  // a poll brings fewer
    rlimit before;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit enough = before;
    enough.rlim_cur = std::max<rlim_t>(before.rlim_cur, many + 100);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &enough) == 0);
    {
        Loop loop;
        const Pair pair = make_pair(SocketKind::unix_domain);
        send_text(pair.far, "x");
        std::vector<FileDescriptor> same;
        std::vector<std::unique_ptr<Watcher>> watchers;
        for (std::size_t i = 0; i < many; ++i) {
            same.push_back(duplicate(pair.near));
            watchers.push_back(std::make_unique<Watcher>(loop, same.back().get()));
            REQUIRE(watchers.back()->watch->want(Watch::readable));
        }
        loop.run_once(false);
        std::size_t told = 0;
        for (const auto &each : watchers) told += each->told.empty() ? 0 : 1;
        CHECK(told == many);
    }
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

}  // namespace uvoy::uv
