#include "fixture.h"

namespace uvoy::uv {

TEST_CASE("a reset breaks the stream once, after the bytes that came before it") {
    Loop loop;
    Started one{loop};
    SUBCASE("with nothing before it") {
        close_with_reset(one.peer);
        CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
        CHECK(one.events.log == Strings{"broken"});
    }
    SUBCASE("with bytes in the same turn, where libuv speaks of an end") {
        send_text(one.peer, "half an answer");
        close_with_reset(one.peer);
        CHECK(turn_until(loop, [&] { return one.events.log.size() == 2; }));
        CHECK(one.events.log == Strings{"bytes", "broken"});
    }
    one.write("nobody is there");
    turn_for(loop, std::chrono::milliseconds{10});
    CHECK(one.events.log.back() == "broken");
    CHECK(one.events.log.size() <= 2);
}

TEST_CASE("writing to a peer that has reset breaks the stream once, and not inside write()") {
    for (const bool paused : {false, true}) {
        Loop loop;
        Started one{loop};
        if (paused) one.transport->pause_reading();
        close_with_reset(one.peer);
        one.write("first");
        one.write("second");
        CHECK(one.events.log.empty());
        CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
        CHECK(one.transport->queued() == 0);
        one.write("third");
        turn_for(loop, std::chrono::milliseconds{10});
        CHECK(one.events.log == Strings{"broken"});
    }
}

TEST_CASE("a queue breaks when the peer resets while reading is paused") {
    Loop loop;
    Started one{loop};
    one.transport->pause_reading();
    one.overfill();
    turn_for(loop, std::chrono::milliseconds{5});
    close_with_reset(one.peer);
    CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
    CHECK(one.events.log == Strings{"broken"});
    CHECK(one.transport->queued() == 0);
}

TEST_CASE("a stream with a queue breaks once, although reading and writing both fail") {
    Loop loop;
    Started one{loop};
    one.overfill();
    turn_for(loop, std::chrono::milliseconds{5});
    close_with_reset(one.peer);
    CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
    turn_for(loop, std::chrono::milliseconds{10});
    CHECK(one.events.log == Strings{"broken"});
    CHECK(one.transport->queued() == 0);
}

TEST_CASE("the answer of a peer that then went away is read before the failed write is told") {
    Loop loop;
    Started one{loop};
    send_text(one.peer, "413");
    close_with_reset(one.peer);
    one.write("the rest of a long body");
    CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
    CHECK(one.events.bytes == "413");
    turn_for(loop, std::chrono::milliseconds{10});
    CHECK(one.events.log == Strings{"bytes", "broken"});
}

TEST_CASE("a unix peer that is gone breaks the stream on the first write") {
    Loop loop;
    Started one{loop, SocketKind::unix_domain};
    one.transport->pause_reading();
    one.peer = FileDescriptor{};
    one.write("nobody is there");
    CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
    CHECK(one.events.log == Strings{"broken"});
}

}  // namespace uvoy::uv
