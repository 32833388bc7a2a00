#pragma once

#include "proxy/ports.h"
#include "uv/address.h"
#include "uv/fd.h"
#include "uv/listener.h"
#include "uv/loop.h"
#include "uv/timer.h"
#include "uv/transport.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace uvoy::uv {

using Strings = std::vector<std::string>;

/// Writes down what a transport tells.
struct Recorder final : proxy::TransportEvents {
    void on_connected(TimePoint) override { log.emplace_back("connected"); }
    void on_connect_failed(proxy::ConnectError error, TimePoint) override {
        static constexpr std::array names{"refused", "timed_out", "failed", "exhausted"};
        log.emplace_back(names[static_cast<std::size_t>(error)]);
    }
    void on_bytes(proxy::Bytes piece, TimePoint) override {
        bytes += piece;
        if (log.empty() || log.back() != "bytes") log.emplace_back("bytes");
    }
    void on_end(TimePoint) override { log.emplace_back("end"); }
    void on_congested(TimePoint) override { log.emplace_back("congested"); }
    void on_drained(TimePoint) override { log.emplace_back("drained"); }
    void on_broken(TimePoint) override { log.emplace_back("broken"); }

    std::string bytes;
    Strings log;  ///< the events in order, adjacent "bytes" only once
};

/// Counts the calls of a timer or the like, and notes when the last one came.
struct Counter {
    Delegate<void()> count() { return Delegate<void()>::bind<&Counter::add>(*this); }
    void add() {
        ++calls;
        at = Loop::now();
    }

    int calls = 0;
    TimePoint at{};
};

/// Turns the loop until `done()`; false if that takes more than five seconds.
template <typename Done>
bool turn_until(Loop &loop, Done done) {
    struct Tick {
        explicit Tick(Loop &loop) : timer{loop, Delegate<void()>::bind<&Tick::fire>(*this)} {
            fire();
        }
        void fire() { timer.arm(std::chrono::milliseconds{1}); }
        Timer timer;
    } tick{loop};
    const TimePoint deadline = Loop::now() + std::chrono::seconds{5};
    while (!done()) {
        if (Loop::now() > deadline) return false;
        loop.run_once();
    }
    return true;
}

inline void turn_for(Loop &loop, Duration duration) {
    const TimePoint deadline = Loop::now() + duration;
    turn_until(loop, [&] { return Loop::now() >= deadline; });
}

enum class SocketKind : std::uint8_t { tcp, unix_domain };

/// Two ends of a connection without a transport.
struct Pair {
    FileDescriptor near, far;
};

inline SocketAddress loopback(std::uint16_t port = 0) {
    SocketAddress address = *parse_address("127.0.0.1:0");
    address.set_port(port);
    return address;
}

inline FileDescriptor connect_to(const SocketAddress &address) {
    FileDescriptor fd{socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(connect(fd.get(), address.get(), address.length) == 0);
    return fd;
}

inline Pair make_pair(SocketKind kind) {
    if (kind == SocketKind::unix_domain) {
        std::array<int, 2> fds{};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) ==
                0);
        return {FileDescriptor{fds[0]}, FileDescriptor{fds[1]}};
    }
    const FileDescriptor listening = listen_on(loopback());
    FileDescriptor far = connect_to(local_address(listening.get()));
    FileDescriptor near{accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    REQUIRE(near);
    return {std::move(near), std::move(far)};
}

/// A place for the file of a unix socket.
struct SocketFile {
    SocketFile() {
        std::string name = (std::filesystem::temp_directory_path() / "uvoy-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        directory = name;
    }
    ~SocketFile() { std::filesystem::remove_all(directory); }

    SocketFile(const SocketFile &) = delete;
    SocketFile &operator=(const SocketFile &) = delete;

    SocketAddress address() const {
        return *parse_address("unix:" + directory.string() + "/socket");
    }

    std::filesystem::path directory;
};

/// What has arrived at `fd`.  `end` becomes "end" or the name of the error, if there is one.
inline std::string receive(const FileDescriptor &fd, std::string *end = nullptr) {
    std::string all;
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t size = recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size > 0) {
            all.append(buffer.data(), static_cast<std::size_t>(size));
            continue;
        }
        if (end != nullptr && size == 0) *end = "end";
        if (end != nullptr && size < 0 && errno != EAGAIN) *end = uv_err_name(-errno);
        return all;
    }
}

inline void send_text(const FileDescriptor &fd, std::string_view text) {
    REQUIRE(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
}

inline void close_with_reset(FileDescriptor &fd) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    REQUIRE(setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    fd = FileDescriptor{};
}

/// An adopted transport that has started, and its peer.
struct Started {
    explicit Started(Loop &on, SocketKind kind = SocketKind::tcp) : loop{on} {
        Pair pair = make_pair(kind);
        peer = std::move(pair.far);
        transport = StreamTransport::adopt(loop, pair.near.release());
        transport->start(events);
    }

    void write(std::string_view text) { transport->write(std::array{text}); }
    /// Writes until much is queued; returns all that was written.
    std::string overfill() {
        std::string all;
        while (transport->queued() < 1'000'000) {
            const std::string piece(100'000, static_cast<char>('a' + all.size() / 100'000 % 26));
            write(piece);
            all += piece;
        }
        return all;
    }
    bool saw(std::string_view event) const {
        for (const std::string &entry : events.log)
            if (entry == event) return true;
        return false;
    }

    Loop &loop;
    Recorder events;
    FileDescriptor peer;
    std::unique_ptr<StreamTransport> transport;
};

}  // namespace uvoy::uv
