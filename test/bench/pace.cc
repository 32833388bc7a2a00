// Asks at times that do not depend on the answers (an open loop), and says how long each took from
// the time it was due to its last byte: who is late for one request is late for those behind it.
// The gaps are exponentially distributed, the same for every proxy.
//
// It is the origin as well, so that nobody else wants its CPU: with a server of its own beside it
// on one CPU, each is late by what the other takes, and that is all that the slowest requests show.
//
//   pace ORIGIN_PORT PORT CONNECTIONS REQUESTS_PER_SECOND WARM_UP_SECONDS SECONDS
//                                                     (ports on 127.0.0.1; of itself, of the proxy)

#include "base/random.h"
#include "loopback.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::bench {

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

/// For the last answers.
constexpr std::chrono::seconds longest_wait{60};
constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::string_view body =
    "All that was asked for, and not a byte more than it is said to be.\n";

[[noreturn]] void complain(std::string_view about) {
    std::fprintf(stderr, "pace: not every answer was right: %.*s\n", static_cast<int>(about.size()),
                 about.data());
    std::exit(EXIT_FAILURE);
}

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        die("connect");
    send_at_once(fd);
    return fd;
}

void send_all(int fd, std::string_view bytes) {
    if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
        die("send");
}

/// A connection of ours to the proxy, or of the proxy to us as its origin.
struct Connection {
    int fd = -1;
    bool of_origin = false;
    bool asked = false;
    Time due;
    std::string received;
};

/// Size of the whole answer whose head `bytes` begin with; 0 if the head is not whole.
std::size_t answer_size(std::string_view bytes) {
    const std::size_t end = bytes.find(end_of_head);
    if (end == std::string_view::npos) return 0;
    std::string head{bytes.substr(0, end + 2)};
    if (!head.starts_with("HTTP/1.1 200 ")) complain(head);
    std::ranges::transform(head, head.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
    });
    if (head.find("\r\ncontent-length: " + std::to_string(body.size()) + "\r\n") ==
        std::string::npos)
        complain(head);
    return end + end_of_head.size() + body.size();
}

class Load {
public:
    Load(std::uint16_t origin_port, std::uint16_t port, std::size_t connections, double rate)
        : mean_gap_{1e9 / rate} {
        request_ = "GET /small HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                   "\r\nUser-Agent: pace\r\nAccept: */*\r\n\r\n";
        answer_ =
            "HTTP/1.1 200 OK\r\nServer: pace\r\nDate: Mon, 30 Nov 2026 12:00:00 GMT\r\n"
            "Content-Type: text/plain\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
        if (epoll_ < 0) die("epoll_create1");
        listening_ = listen_on(origin_port);
        watch(listening_, nullptr);
        for (std::size_t i = 0; i < connections; ++i)
            idle_.push_back(&add(connect_to(port), /*of_origin=*/false));
    }

    /// Asks from `from` to `end`, and waits for the answers.
    void run(Time from, Time begin, Time end) {
        counted_from_ = begin;
        Time due = from;
        while (due < end || open_ > 0 || !waiting_.empty()) {
            const Time now = Clock::now();
            if (now > end + longest_wait) complain("some did not come");
            for (; due <= now && due < end; due += gap()) ask(due);
            wait(due < end ? due - Clock::now() : std::chrono::seconds{1});
        }
    }

    /// In microseconds, in order.
    std::vector<std::int64_t> take_times() {
        std::ranges::sort(times_);
        return std::move(times_);
    }

private:
    void watch(int fd, Connection *connection) {
        epoll_event event{.events = EPOLLIN, .data = {.ptr = connection}};
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
    }

    Connection &add(int fd, bool of_origin) {
        auto &connection = *connections_.emplace_back(std::make_unique<Connection>());
        connection.fd = fd;
        connection.of_origin = of_origin;
        watch(fd, &connection);
        return connection;
    }

    std::chrono::nanoseconds gap() {
        constexpr std::uint32_t fine = std::uint32_t{1} << 31;
        const double share = (random_.below(fine) + 1.0) / fine;
        return std::chrono::nanoseconds{std::llround(-mean_gap_ * std::log(share))};
    }

    void ask(Time due) {
        if (idle_.empty()) {
            waiting_.push_back(due);
            return;
        }
        Connection &longest_idle = *idle_.front();
        idle_.pop_front();
        ask(longest_idle, due);
    }

    void ask(Connection &connection, Time due) {
        connection.asked = true;
        connection.due = due;
        ++open_;
        send_all(connection.fd, request_);
    }

    void wait(Clock::duration longest) {
        const auto left = std::max<std::int64_t>(
            0, std::chrono::duration_cast<std::chrono::nanoseconds>(longest).count());
        constexpr std::int64_t second = 1'000'000'000;
        const timespec timeout{.tv_sec = left / second, .tv_nsec = left % second};
        std::array<epoll_event, 256> events;
        const int count =
            epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        if (count < 0 && errno != EINTR) die("epoll_pwait2");
        for (int i = 0; i < count; ++i) {
            auto *const connection =
                static_cast<Connection *>(events[static_cast<std::size_t>(i)].data.ptr);
            if (connection == nullptr) accept_one();
            else receive(*connection);
        }
    }

    void accept_one() {
        const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN) return;
        if (fd < 0) die("accept4");
        send_at_once(fd);
        add(fd, /*of_origin=*/true);
    }

    void receive(Connection &connection) {
        const ssize_t size = recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (size < 0) die("recv");
        connection.received.append(buffer_.data(), static_cast<std::size_t>(size));
        if (connection.of_origin) {
            if (size == 0) close(std::exchange(connection.fd, -1));
            else if (connection.received.ends_with(end_of_head)) answer(connection);
            return;
        }
        if (size == 0 || !connection.asked) complain("a connection ended, or spoke unasked");
        const std::size_t whole = answer_size(connection.received);
        if (whole == 0 || connection.received.size() < whole) return;
        if (connection.received.size() != whole || !connection.received.ends_with(body))
            complain("another body");
        answered(connection);
    }

    void answer(Connection &connection) {
        connection.received.clear();
        send_all(connection.fd, answer_);
    }

    void answered(Connection &connection) {
        using std::chrono::duration_cast;
        using std::chrono::microseconds;
        if (connection.due >= counted_from_)
            times_.push_back(duration_cast<microseconds>(Clock::now() - connection.due).count());
        --open_;
        connection.asked = false;
        connection.received.clear();
        if (waiting_.empty()) {
            idle_.push_back(&connection);
            return;
        }
        ask(connection, waiting_.front());
        waiting_.pop_front();
    }

    std::string request_;
    std::string answer_;
    double mean_gap_;  // nanoseconds
    Random random_{1};
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    int listening_ = -1;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::deque<Connection *> idle_;
    std::deque<Time> waiting_;  // requests that were due while no connection was idle
    std::size_t open_ = 0;
    Time counted_from_;
    std::vector<std::int64_t> times_;  // microseconds
    std::array<char, 65536> buffer_;
};

}  // namespace

}  // namespace uvoy::bench

int main(int argc, char **argv) {
    using namespace uvoy::bench;
    if (argc != 7) {
        std::fprintf(stderr, "usage: pace ORIGIN_PORT PORT CONNECTIONS RATE WARM_UP SECONDS\n");
        return EXIT_FAILURE;
    }
    if (prctl(PR_SET_TIMERSLACK, 1UL) != 0) die("prctl");
    const auto number = [&](int index) { return std::strtoul(argv[index], nullptr, 10); };
    Load load{parse_port(argv[1]), parse_port(argv[2]), number(3), static_cast<double>(number(4))};
    const Time from = Clock::now();
    const Time begin = from + std::chrono::seconds{number(5)};
    load.run(from, begin, begin + std::chrono::seconds{number(6)});
    const double seconds = std::chrono::duration<double>{Clock::now() - begin}.count();
    const auto times = load.take_times();
    if (times.empty()) complain("none came");
    const auto at = [&](double share) {
        const auto index = static_cast<std::size_t>(share * static_cast<double>(times.size()));
        return static_cast<long>(times[std::min(times.size() - 1, index)]);
    };
    std::printf(
        "{\"requests\": %zu, \"seconds\": %.3f, \"p50_us\": %ld, \"p99_us\": %ld, \"p999_us\": "
        "%ld}\n",
        times.size(), seconds, at(0.5), at(0.99), at(0.999));
}
