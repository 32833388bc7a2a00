#include "together.h"
#include "uv/watch.h"

#include <thread>

namespace uvoy::uv {

namespace {

/// Notes when the hook is called, and does something of the test's then.
struct Hook {
    explicit Hook(Loop &loop) {
        loop.set_after_event(Delegate<void(TimePoint)>::bind<&Hook::call>(*this));
    }
    void call(TimePoint now) {
        at.push_back(now);
        if (act) act();
    }

    std::vector<TimePoint> at;
    std::function<void()> act;
};

void wait() { std::this_thread::sleep_for(std::chrono::milliseconds{2}); }

}  // namespace

TEST_CASE("events that are told together have one time, and the hook comes once behind them") {
    Two two;
    Hook hook{two.loop};
    std::size_t calls_before = 0;
    two.turn([&] { wait(); }, [&] { calls_before = hook.at.size(); });
    CHECK(calls_before == 0);
    REQUIRE(hook.at.size() == 1);
    CHECK(two.first.told_at == two.second.told_at);
    CHECK(hook.at[0] == two.first.told_at);
}

TEST_CASE("an event that is alone has a time and a hook of its own") {
    Loop loop;
    Listening one{loop};
    Hook hook{loop};
    one.act = [] {};
    for (std::size_t event = 1; event <= 2; ++event) {
        send_text(one.peer, "1");
        loop.run_once(false);
        REQUIRE(hook.at.size() == event);
        CHECK(hook.at.back() == one.told_at);
        wait();
    }
    CHECK(hook.at[1] - hook.at[0] >= std::chrono::milliseconds{2});
}

TEST_CASE("each sixteen events are told together, and their time is their own") {
    Loop loop;
    Hook hook{loop};
    std::vector<std::unique_ptr<Listening>> many;
    for (std::size_t i = 0; i < 2 * Outbox::most_events; ++i) {
        many.push_back(std::make_unique<Listening>(loop));
        many.back()->act = [] { wait(); };
        send_text(many.back()->peer, "1");
    }
    loop.run_once(false);
    CHECK(hook.at.size() == 2);
    CHECK(many[0]->told_at == many[Outbox::most_events - 1]->told_at);
    CHECK(many[Outbox::most_events]->told_at > many[0]->told_at);
}

TEST_CASE("the hook does not come for what is no event of a transport") {
    struct Ignored {
        explicit Ignored(Loop &loop, const FileDescriptor &fd)
            : watch{loop, fd.get(), Watch::OnReady::bind<&Ignored::ready>(*this)} {
            REQUIRE(watch.want(Watch::readable));
        }
        void ready(std::uint32_t) { ++calls; }
        Watch watch;
        int calls = 0;
    };
    Two two;
    Hook hook{two.loop};
    two.turn([] {}, [] {});
    REQUIRE(hook.at.size() == 1);
    Ignored first{two.loop, two.first.peer}, second{two.loop, two.second.peer};
    two.first.write("1");
    two.second.write("2");
    two.loop.run_once(false);
    CHECK(first.calls + second.calls == 2);
    CHECK(hook.at.size() == 1);
}

TEST_CASE("the hook comes before somebody is accepted, too: who has gone makes room") {
    Loop loop;
    Listening one{loop};
    Hook hook{loop};
    one.act = [] {};
    struct Door {
        explicit Door(Loop &loop, Hook &of)
            : hook{of},
              socket{loop, listen_on(loopback()),
                     ListenSocket::OnAccept::bind<&Door::take>(*this)} {}
        void take(int fd, const sockaddr_storage &) {
            accepted = FileDescriptor{fd};
            calls = hook.at.size();
        }
        Hook &hook;
        std::size_t calls = 0;
        FileDescriptor accepted;
        ListenSocket socket;
    } door{loop, hook};
    send_text(one.peer, "1");
    const FileDescriptor client = connect_to(loopback(door.socket.port()));
    loop.run_once(false);
    REQUIRE(door.accepted);
    CHECK(door.calls == 1);
    CHECK(hook.at.size() == 1);
}

TEST_CASE("events of transports are counted") {
    Two two;
    two.turn([] {}, [] {});
    CHECK(two.loop.events() == 2);
}

TEST_CASE("behind a write that does not wait the clock is read again") {
    Two two;
    two.turn(
        [&] {
            two.first.write(std::string(Outbox::longest_write + 1, 'x'));
            wait();
        },
        [] {});
    CHECK(two.second.told_at - two.first.told_at >= std::chrono::milliseconds{2});
}

TEST_CASE("behind sixteen writes that were put off the clock is read again") {
    Two two;
    two.turn(
        [&] {
            for (std::size_t i = 0; i <= Outbox::most_writes; ++i) two.first.write("x");
            wait();
        },
        [] {});
    CHECK(two.second.told_at - two.first.told_at >= std::chrono::milliseconds{2});
}

TEST_CASE("what the hook writes leaves with what the events wrote") {
    Two two;
    Hook hook{two.loop};
    std::string meanwhile = "the hook was not called";
    hook.act = [&] {
        two.first.write(", and that is all");
        meanwhile = receive(two.first.peer);
    };
    two.turn([&] { two.first.write("answer"); }, [] {});
    CHECK(meanwhile.empty());
    CHECK(receive(two.first.peer) == "answer, and that is all");
}

TEST_CASE("the hook destroys transports whose events were told together") {
    Two two;
    Hook hook{two.loop};
    hook.act = [&] {
        two.first.transport.reset();
        two.second.transport.reset();
    };
    two.turn([&] { two.first.write("answer"); }, [&] { two.second.write("another"); });
    CHECK(receive(two.first.peer) == "answer");
    CHECK(receive(two.second.peer) == "another");
    two.loop.run_once(false);
    CHECK(hook.at.size() == 1);
}

TEST_CASE("events that are told together are one callback, with the hook") {
    Two two;
    Hook hook{two.loop};
    std::vector<std::uint64_t> seen;
    const auto look = [&] { seen.push_back(two.loop.callbacks()); };
    hook.act = look;
    two.turn(look, look);
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] % 2 == 1);
    CHECK(seen[1] == seen[0]);
    CHECK(seen[2] == seen[0]);
    CHECK(two.loop.callbacks() % 2 == 0);
    CHECK(two.loop.callbacks() > seen[0]);
}

}  // namespace uvoy::uv
