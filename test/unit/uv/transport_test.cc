#include "fixture.h"

#include <netinet/tcp.h>

namespace uvoy::uv {
namespace {

constexpr std::array kinds{SocketKind::tcp, SocketKind::unix_domain};

}  // namespace

TEST_CASE("bytes travel both ways, in order, gathered from any number of pieces") {
    for (const SocketKind kind : kinds) {
        Loop loop;
        Started one{loop, kind};
        send_text(one.peer, "question");
        CHECK(turn_until(loop, [&] { return one.events.bytes == "question"; }));

        Strings words;
        std::string expected;
        for (int i = 0; i < 50; ++i) expected += words.emplace_back(std::to_string(i) + " ");
        words.insert(words.begin() + 7, "");
        one.transport->write(std::vector<proxy::Bytes>(words.begin(), words.end()));
        CHECK(one.transport->queued() == 0);
        std::string got;
        CHECK(turn_until(loop, [&] { return (got += receive(one.peer)) == expected; }));
        CHECK(one.events.log == Strings{"bytes"});
    }
}

TEST_CASE("what the kernel refuses is queued, counted, sent in order and reported once drained") {
    for (const SocketKind kind : kinds) {
        Loop loop;
        Started one{loop, kind};
        std::string sent = one.overfill();
        CHECK(one.events.log.empty());
        turn_for(loop, std::chrono::milliseconds{20});
        CHECK(one.events.log.empty());
        one.write("behind the queue");
        sent += "behind the queue";

        std::string got;
        CHECK(turn_until(loop, [&] {
            got += receive(one.peer);
            return one.saw("drained");
        }));
        CHECK(one.transport->queued() == 0);
        CHECK(turn_until(loop, [&] { return (got += receive(one.peer)).size() == sent.size(); }));
        CHECK((got == sent));
        CHECK(one.events.log == Strings{"drained"});
    }
}

TEST_CASE("queued() is exactly what has not left, while the queue moves") {
    Loop loop;
    Started one{loop, SocketKind::unix_domain};
    std::size_t sent = one.overfill().size();
    std::size_t got = 0;
    for (int round = 0; round < 20; ++round) {
        one.write("more");
        sent += 4;
        got += receive(one.peer).size();
        // A unix socket holds nothing between the two ends: all that left has been received.
        CHECK(sent == got + one.transport->queued());
        loop.run_once(false);
    }
}

TEST_CASE("a drained transport queues and drains again") {
    Loop loop;
    Started one{loop};
    std::size_t left = one.overfill().size();
    CHECK(turn_until(loop, [&] { return (left -= receive(one.peer).size()) == 0; }));
    CHECK(turn_until(loop, [&] { return one.events.log.size() == 1; }));
    left = one.overfill().size();
    CHECK(turn_until(loop, [&] { return (left -= receive(one.peer).size()) == 0; }));
    CHECK(turn_until(loop, [&] { return one.events.log.size() == 2; }));
    CHECK(one.events.log == Strings{"drained", "drained"});
}

TEST_CASE("a paused transport tells nothing of bytes or end until it is resumed") {
    for (const SocketKind kind : kinds) {
        Loop loop;
        Started one{loop, kind};
        one.transport->pause_reading();
        one.transport->pause_reading();
        send_text(one.peer, "late");
        shutdown(one.peer.get(), SHUT_WR);
        turn_for(loop, std::chrono::milliseconds{20});
        CHECK(one.events.log.empty());
        one.transport->resume_reading();
        one.transport->resume_reading();
        CHECK(turn_until(loop, [&] { return one.saw("end"); }));
        CHECK(one.events.bytes == "late");
        one.transport->pause_reading();
        one.transport->resume_reading();
        turn_for(loop, std::chrono::milliseconds{10});
        CHECK(one.events.log == Strings{"bytes", "end"});
    }
}

TEST_CASE("a transport writes on after its peer has ended") {
    Loop loop;
    Started one{loop};
    shutdown(one.peer.get(), SHUT_WR);
    CHECK(turn_until(loop, [&] { return one.saw("end"); }));
    one.write("answer");
    std::string got;
    CHECK(turn_until(loop, [&] { return (got += receive(one.peer)) == "answer"; }));
    CHECK(one.events.log == Strings{"end"});
}

TEST_CASE("finish ends the stream after everything that was queued") {
    for (const SocketKind kind : kinds) {
        for (const bool much : {true, false}) {
            Loop loop;
            Started one{loop, kind};
            std::size_t left = 0;
            if (much) left = one.overfill().size();
            one.write("last words");
            left += 10;
            one.transport->finish();
            std::string end;
            CHECK(turn_until(loop, [&] {
                left -= receive(one.peer, &end).size();
                return !end.empty();
            }));
            CHECK(left == 0);
            CHECK(end == "end");
            CHECK_FALSE(one.saw("broken"));
        }
    }
}

TEST_CASE("an end with nothing queued before it leaves at once, whatever comes next") {
    for (const bool reset : {false, true}) {
        Loop loop;
        Started one{loop};
        one.write("all");
        one.transport->finish();
        if (reset) one.transport->reset();
        std::string end;
        CHECK(receive(one.peer, &end) == "all");
        CHECK((reset ? end != "" : end == "end"));  // EPIPE, if the reset was faster than we
    }
}

TEST_CASE("destruction closes at once and drops what was queued") {
    Loop loop;
    Started one{loop};
    const std::size_t sent = one.overfill().size();
    one.transport.reset();
    std::string end;
    std::size_t got = 0;
    CHECK(turn_until(loop, [&] {
        got += receive(one.peer, &end).size();
        return !end.empty();
    }));
    CHECK(got < sent);
    CHECK(one.events.log.empty());
}

TEST_CASE("a reset shows as a reset, whatever was under way") {
    Loop loop;
    Started one{loop};
    SUBCASE("nothing") {}
    SUBCASE("a written answer") { one.write("cut"); }
    SUBCASE("a queue") { one.overfill(); }
    SUBCASE("a shutdown behind a queue") {
        one.overfill();
        one.transport->finish();
        turn_for(loop, std::chrono::milliseconds{5});
    }
    one.transport->reset();
    CHECK(one.transport->queued() == 0);
    one.transport->pause_reading();
    one.transport->resume_reading();
    one.transport.reset();
    std::string end;
    CHECK(turn_until(loop, [&] {
        receive(one.peer, &end);
        return !end.empty();
    }));
    CHECK(end == "ECONNRESET");
    CHECK(one.events.log.empty());
}

}  // namespace uvoy::uv
