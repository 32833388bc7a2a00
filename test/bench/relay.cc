// The floor of the benchmark: relays bytes between a client and the origin and parses nothing. A
// request costs it its four I/O system calls and a share of epoll_wait; no proxy can do with less.
//
//   relay LISTEN_PORT ORIGIN_PORT     (both on 127.0.0.1, one upstream connection a client)

#include "loopback.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace uvoy::bench {

namespace {

struct Pair;

/// One of the two sockets of a pair, and what was read from it and is not yet written to the other.
struct End {
    int fd = -1;
    Pair *pair = nullptr;
    std::uint32_t events = 0;  // what epoll waits for
    bool finished = false;     // has sent its end of stream
    std::vector<char> pending;
    std::size_t written = 0;  // of `pending`
};

struct Pair {
    End client;
    End origin;
    bool dead = false;
};

class Relay {
public:
    Relay(std::uint16_t listen_port, std::uint16_t origin_port)
        : origin_address_{loopback(origin_port)},
          epoll_{epoll_create1(EPOLL_CLOEXEC)},
          listener_{listen_on(listen_port)} {
        if (epoll_ < 0) die("epoll_create1");
        epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) die("epoll_ctl");
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 256> events;
        while (true) {
            const int count = epoll_wait(epoll_, events.data(), int{events.size()}, -1);
            if (count < 0 && errno != EINTR) die("epoll_wait");
            for (int i = 0; i < count; ++i) {
                const epoll_event &event = events.at(static_cast<std::size_t>(i));
                if (event.data.ptr == nullptr) {
                    accept_all();
                } else {
                    handle(*static_cast<End *>(event.data.ptr), event.events);
                }
            }
            // A later event of the same batch may name a pair that died in an earlier one.
            dead_.clear();
        }
    }

private:
    static End &other(End &end) {
        return &end == &end.pair->client ? end.pair->origin : end.pair->client;
    }

    void accept_all() {
        int fd = -1;
        while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            auto *pair = new Pair;
            pair->client.fd = fd;
            pair->origin.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            if (pair->origin.fd < 0) die("socket");
            if (connect(pair->origin.fd, reinterpret_cast<const sockaddr *>(&origin_address_),
                        sizeof origin_address_) != 0 &&
                errno != EINPROGRESS) {
                die("connect");
            }
            add(pair->client, pair);
            add(pair->origin, pair);
        }
    }

    void add(End &end, Pair *pair) {
        send_at_once(end.fd);
        end.pair = pair;
        end.events = EPOLLIN;
        epoll_event event{.events = end.events, .data = {.ptr = &end}};
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, end.fd, &event) != 0) die("epoll_ctl");
    }

    void wait_for(End &end, std::uint32_t bit, bool wanted) {
        const std::uint32_t events = wanted ? end.events | bit : end.events & ~bit;
        if (events == end.events) return;
        end.events = events;
        epoll_event event{.events = events, .data = {.ptr = &end}};
        if (epoll_ctl(epoll_, EPOLL_CTL_MOD, end.fd, &event) != 0) die("epoll_ctl");
    }

    void handle(End &end, std::uint32_t events) {
        Pair &pair = *end.pair;
        if (!pair.dead && (events & EPOLLERR) != 0) destroy(pair);
        if (!pair.dead && (events & EPOLLOUT) != 0) flush(other(end), end);
        if (!pair.dead && (events & (EPOLLIN | EPOLLHUP)) != 0) forward(end, other(end));
    }

    /// Reads once (epoll is level-triggered) and writes at once; what does not fit stops the
    /// reading.
    void forward(End &from, End &to) {
        if (from.finished || !from.pending.empty()) return;
        const ssize_t size = read(from.fd, buffer_.data(), buffer_.size());
        if (size < 0) {
            if (errno != EAGAIN) destroy(*from.pair);
            return;
        }
        if (size == 0) {
            from.finished = true;
            wait_for(from, EPOLLIN, false);
            finish(from, to);
            return;
        }
        ssize_t sent = send(to.fd, buffer_.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            destroy(*from.pair);
            return;
        }
        sent = std::max(sent, ssize_t{0});
        if (sent == size) return;
        from.pending.assign(buffer_.data() + sent, buffer_.data() + size);
        from.written = 0;
        wait_for(from, EPOLLIN, false);
        wait_for(to, EPOLLOUT, true);
    }

    void flush(End &from, End &to) {
        const std::size_t left = from.pending.size() - from.written;
        const ssize_t sent = send(to.fd, from.pending.data() + from.written, left, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN) destroy(*from.pair);
            return;
        }
        from.written += static_cast<std::size_t>(sent);
        if (from.written < from.pending.size()) return;
        from.pending.clear();
        wait_for(to, EPOLLOUT, false);
        wait_for(from, EPOLLIN, !from.finished);
    }

    /// Passes an end of stream on; both ends' together are the end of the pair.
    void finish(End &from, End &to) {
        if (to.finished) {
            destroy(*from.pair);
        } else {
            shutdown(to.fd, SHUT_WR);
        }
    }

    void destroy(Pair &pair) {
        pair.dead = true;
        close(pair.client.fd);
        close(pair.origin.fd);
        dead_.emplace_back(&pair);
    }

    sockaddr_in origin_address_;
    int epoll_;
    int listener_ = -1;
    std::array<char, 65536> buffer_;
    std::vector<std::unique_ptr<Pair>> dead_;
};

}  // namespace

}  // namespace uvoy::bench

int main(int argc, char **argv) {
    using namespace uvoy::bench;
    if (argc != 3) {
        std::fputs("usage: relay LISTEN_PORT ORIGIN_PORT\n", stderr);
        return EXIT_FAILURE;
    }
    static Relay relay{parse_port(argv[1]), parse_port(argv[2])};
    relay.run();
}
