#include "fixture.h"

#include <netinet/tcp.h>
#include <sys/resource.h>

namespace uvoy::uv {
namespace {

/// The port of a listening socket that is gone.
SocketAddress nobody() { return local_address(listen_on(loopback()).get()); }

/// Destroys a transport in the hook after its first event, as the worker's settle does.
struct Settler {
    Settler(Loop &loop, std::unique_ptr<StreamTransport> &victim) : transport{victim} {
        loop.set_after_event(Delegate<void(TimePoint)>::bind<&Settler::settle>(*this));
    }
    void settle(TimePoint now) {
        CHECK(now <= Loop::now());
        ++calls;
        transport.reset();
    }

    std::unique_ptr<StreamTransport> &transport;
    int calls = 0;
};

}  // namespace

TEST_CASE("a dialled transport connects, reads and writes") {
    const SocketFile file;
    for (const SocketAddress &wanted : {loopback(), file.address()}) {
        Loop loop;
        Recorder events;
        const FileDescriptor listening = listen_on(wanted);
        auto transport = StreamTransport::connect(loop, local_address(listening.get()), events);
        CHECK(events.log.empty());
        CHECK(turn_until(loop, [&] { return !events.log.empty(); }));
        const FileDescriptor peer{accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        transport->write(std::array<proxy::Bytes, 2>{"ques", "tion"});
        std::string got;
        CHECK(turn_until(loop, [&] { return (got += receive(peer)) == "question"; }));
        send_text(peer, "answer");
        CHECK(turn_until(loop, [&] { return events.bytes == "answer"; }));
        CHECK(events.log == Strings{"connected", "bytes"});
    }
}

TEST_CASE("a failure to connect is told later, once, by its kind") {
    const SocketFile file;
    const SocketFile stale;
    listen_on(stale.address());
    struct Case {
        SocketAddress address;
        const char *event;
    };
    const Case cases[]{
        {nobody(), "refused"},
        {file.address(), "refused"},
        {stale.address(), "refused"},
        {*parse_address("255.255.255.255:9"), "failed"},  // connect(2) itself says no
    };
    for (const Case &one : cases) {
        CAPTURE(to_text(one.address));
        Loop loop;
        Recorder events;
        const auto transport = StreamTransport::connect(loop, one.address, events);
        transport->pause_reading();
        transport->resume_reading();
        CHECK(events.log.empty());
        CHECK(turn_until(loop, [&] { return !events.log.empty(); }));
        turn_for(loop, std::chrono::milliseconds{5});
        CHECK(events.log == Strings{one.event});
    }
}

TEST_CASE("a process out of descriptors fails to connect and lives") {
    const SocketFile file;
    const FileDescriptor tcp = listen_on(loopback());
    const FileDescriptor local = listen_on(file.address());
    for (const FileDescriptor *listening : {&tcp, &local}) {
        Loop loop;
        Recorder events;
        const SocketAddress address = local_address(listening->get());
        rlimit before;
        REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
        const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
        const auto transport = StreamTransport::connect(loop, address, events);
        REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
        CHECK(turn_until(loop, [&] { return !events.log.empty(); }));
        CHECK(events.log == Strings{"exhausted"});
    }
}

TEST_CASE("a transport destroyed while it connects says nothing") {
    const FileDescriptor listening = listen_on(loopback());
    for (const SocketAddress &address : {local_address(listening.get()), nobody()}) {
        Loop loop;
        Recorder events;
        StreamTransport::connect(loop, address, events).reset();
        turn_for(loop, std::chrono::milliseconds{5});
        CHECK(events.log.empty());
    }
}

TEST_CASE("any event may be the last: the hook destroys the transport") {
    const FileDescriptor listening = listen_on(loopback());
    Loop loop;
    Started one{loop};
    Settler settler{loop, one.transport};
    std::string expected;
    SUBCASE("connected") {
        one.transport = StreamTransport::connect(loop, local_address(listening.get()), one.events);
        expected = "connected";
    }
    SUBCASE("refused") {
        one.transport = StreamTransport::connect(loop, nobody(), one.events);
        expected = "refused";
    }
    SUBCASE("failed") {
        one.transport =
            StreamTransport::connect(loop, *parse_address("255.255.255.255:9"), one.events);
        expected = "failed";
    }
    SUBCASE("bytes, with more behind them") {
        send_text(one.peer, std::string(200'000, 'x'));
        expected = "bytes";
    }
    SUBCASE("end, with a queue") {
        one.overfill();
        shutdown(one.peer.get(), SHUT_WR);
        expected = "end";
    }
    SUBCASE("drained, with a shutdown asked for") {
        one.overfill();
        one.transport->finish();
        expected = "drained";
    }
    SUBCASE("broken by reading") {
        close_with_reset(one.peer);
        expected = "broken";
    }
    SUBCASE("broken by writing") {
        one.transport->pause_reading();
        close_with_reset(one.peer);
        one.write("x");
        expected = "broken";
    }
    SUBCASE("broken by writing, while reading") {
        close_with_reset(one.peer);
        one.write("x");
        one.write("y");
        expected = "broken";
    }
    CHECK(turn_until(loop, [&] {
        if (expected == "drained") receive(one.peer);
        return one.transport == nullptr;
    }));
    turn_for(loop, std::chrono::milliseconds{5});
    CHECK(one.events.log == Strings{expected});
    CHECK(settler.calls == 1);
}

TEST_CASE("neither side of a connection waits to fill a segment") {
    const FileDescriptor listening = listen_on(loopback());
    Loop loop;
    Recorder events;
    const auto dialled = StreamTransport::connect(loop, local_address(listening.get()), events);
    CHECK(turn_until(loop, [&] { return !events.log.empty(); }));
    const FileDescriptor accepted{accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const auto no_delay = [](int fd) {
        int on = 0;
        socklen_t length = sizeof on;
        return getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &length) == 0 && on != 0;
    };
    CHECK(no_delay(accepted.get()));
    // The dialled socket is the one that is connected to the accepted one's peer address.
    const int first = accepted.get();
    sockaddr_storage wanted{};
    socklen_t length = sizeof wanted;
    REQUIRE(getpeername(first, reinterpret_cast<sockaddr *>(&wanted), &length) == 0);
    int found = -1;
    for (int fd = 0; fd < first + 8; ++fd) {
        SocketAddress local;
        local.length = sizeof local.storage;
        if (getsockname(fd, local.get(), &local.length) != 0 || local.family() != AF_INET) continue;
        if (local.port() == SocketAddress{wanted, length}.port()) found = fd;
    }
    REQUIRE(found >= 0);
    CHECK(no_delay(found));
}

}  // namespace uvoy::uv
