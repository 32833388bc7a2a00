#include "fixture.h"

#include <algorithm>

namespace uvoy::uv {

TEST_CASE("a reset breaks the stream once, after the bytes that came before it") {
    Loop loop;
    Started one{loop};
    SUBCASE("with nothing before it") {
        close_with_reset(one.peer);
        CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
        CHECK(one.events.log == Strings{"broken"});
    }
    SUBCASE("with bytes in the same turn") {
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

TEST_CASE("all of a long answer is read before the failed write is told") {
    Loop loop;
    Started one{loop, SocketKind::unix_domain};
    constexpr int large = 4 << 20;
    REQUIRE(setsockopt(one.peer.get(), SOL_SOCKET, SO_SNDBUF, &large, sizeof large) == 0);
    one.overfill();
    const std::string answer(std::size_t{16} * 1024, 'x');
    ssize_t sent = 0;
    for (ssize_t size = 0; size >= 0; sent += std::max<ssize_t>(size, 0))
        size = send(one.peer.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    REQUIRE(static_cast<std::size_t>(sent) > 2 * Loop::read_buffer_size);
    one.peer = FileDescriptor{};
    CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
    CHECK(one.events.bytes.size() == static_cast<std::size_t>(sent));
    CHECK(one.events.log == Strings{"bytes", "broken"});
}

TEST_CASE("an end with a reset right behind it is an end, of which the next write tells more") {
    Loop loop;
    Started one{loop};
    send_text(one.peer, "a whole answer");
    shutdown(one.peer.get(), SHUT_WR);
    close_with_reset(one.peer);
    CHECK(turn_until(loop, [&] { return one.saw("end"); }));
    CHECK(one.events.bytes == "a whole answer");
    one.write("thanks");
    CHECK(turn_until(loop, [&] { return one.saw("broken"); }));
    CHECK(one.events.log == Strings{"bytes", "end", "broken"});
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
