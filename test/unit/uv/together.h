#pragma once

#include "fixture.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

/// Events that are told together.
namespace uvoy::uv {

/// A transport that does something of the test's when bytes come.
struct Listening final : proxy::TransportEvents {
    explicit Listening(Loop &loop, SocketKind kind = SocketKind::tcp) {
        Pair pair = make_pair(kind);
        peer = std::move(pair.far);
        near = pair.near.get();
        transport = StreamTransport::adopt(loop, pair.near.release());
        transport->start(*this);
    }

    void on_connected(TimePoint) override {}
    void on_connect_failed(proxy::ConnectError, TimePoint) override {}
    void on_bytes(proxy::Bytes, TimePoint now) override {
        told_at = now;
        act();
    }
    void on_end(TimePoint) override {}
    void on_congested(TimePoint) override {
        log.emplace_back("congested");
        if (react) react();
    }
    void on_drained(TimePoint) override { log.emplace_back("drained"); }
    void on_broken(TimePoint) override {
        log.emplace_back("broken");
        if (on_break) on_break();
    }

    void write(std::string_view text) { transport->write(std::array{text}); }
    /// Leaves no room in the kernel, and nothing in the queue.
    std::size_t fill() {
        std::size_t filled = 0;
        const std::string piece(4096, 'f');
        while (true) {
            const ssize_t taken = send(near, piece.data(), piece.size(), MSG_NOSIGNAL);
            if (taken < 0) return filled;
            filled += static_cast<std::size_t>(taken);
        }
    }

    /// So little room in the kernel that it takes parts of a write.
    void shrink() {
        const int bytes = 1;
        REQUIRE(setsockopt(near, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
    }

    FileDescriptor peer;
    std::unique_ptr<StreamTransport> transport;
    std::function<void()> act;
    std::function<void()> react;
    std::function<void()> on_break;
    Strings log;
    TimePoint told_at{};
    int near = -1;
};

/// Two transports that are told of bytes by the same poll, the first one first.
struct Two {
    explicit Two(SocketKind kind = SocketKind::tcp) : first{loop, kind}, second{loop, kind} {}

    void turn(std::function<void()> in_first, std::function<void()> in_second) {
        first.act = std::move(in_first);
        second.act = std::move(in_second);
        send_text(first.peer, "1");
        send_text(second.peer, "2");
        loop.run_once(false);
    }

    Loop loop;
    Listening first, second;
};

}  // namespace uvoy::uv
