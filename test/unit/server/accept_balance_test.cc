#include "server/accept_balance.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

namespace uvoy::server {

namespace {

struct Wakes {
    void count() { ++times; }
    std::atomic<int> times{0};
};

uv::FileDescriptor some_descriptor() { return uv::FileDescriptor{open("/dev/null", O_RDONLY)}; }

AcceptBalance::Connection connection(std::size_t listener = 0) {
    return {some_descriptor(), {}, listener};
}

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0 || errno != EBADF; }

// A balance whose workers are all woken by counting.
struct Workers {
    explicit Workers(std::size_t count) : balance{count, 1} {
        for (std::size_t i = 0; i < count; ++i)
            balance.set_wake(i, Delegate<void()>::bind<&Wakes::count>(wakes));
    }

    Wakes wakes;
    AcceptBalance balance;
};

}  // namespace

TEST_CASE("a connection goes to the other worker if that one has fewer") {
    Workers workers{2};
    AcceptBalance &balance = workers.balance;
    auto first = connection(3);
    CHECK_FALSE(balance.hand_over(0, first));
    CHECK(first.fd);
    balance.set_connections(0, 2);
    const int fd = first.fd.get();
    CHECK(balance.hand_over(0, first));
    CHECK_FALSE(first.fd);
    CHECK(workers.wakes.times == 1);
    auto second = connection(4);
    CHECK(balance.hand_over(0, second));  // one is on its way: still fewer
    auto third = connection();
    CHECK_FALSE(balance.hand_over(0, third));  // two are: as many

    CHECK_FALSE(balance.nothing_comes(1));
    auto taken = balance.take(1);
    REQUIRE(taken);
    CHECK(taken->fd.get() == fd);
    CHECK(taken->listener == 3);
    taken = balance.take(1);
    REQUIRE(taken);
    CHECK(taken->listener == 4);
    CHECK_FALSE(balance.nothing_comes(1));  // it is not counted elsewhere yet
    CHECK_FALSE(balance.take(1));
    CHECK(balance.nothing_comes(1));
    CHECK_FALSE(balance.take(0));
}

TEST_CASE("a difference of less than a sixteenth is not worth a wake-up") {
    Workers workers{2};
    workers.balance.set_connections(0, 160);
    workers.balance.set_connections(1, 150);
    auto kept = connection();
    CHECK_FALSE(workers.balance.hand_over(0, kept));
    workers.balance.set_connections(1, 149);
    CHECK(workers.balance.hand_over(0, kept));
}

TEST_CASE("one worker has nobody to give to") {
    Workers workers{1};
    workers.balance.set_connections(0, 1000);
    auto kept = connection();
    CHECK_FALSE(workers.balance.hand_over(0, kept));
}

TEST_CASE("who is closed is given nothing, and gives nothing") {
    Workers workers{2};
    workers.balance.set_connections(0, 10);
    workers.balance.close(1);
    auto kept = connection();
    CHECK_FALSE(workers.balance.hand_over(0, kept));
    CHECK(workers.balance.nothing_comes(1));
    workers.balance.set_connections(1, 20);
    CHECK_FALSE(workers.balance.hand_over(1, kept));
    CHECK(kept.fd);
}

TEST_CASE("what nobody took is closed in the end") {
    int fd = -1;
    {
        Workers workers{2};
        workers.balance.set_connections(0, 5);
        auto given = connection();
        fd = given.fd.get();
        REQUIRE(workers.balance.hand_over(0, given));
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("ten connections a worker are within 15 % of evenly shared out over eight workers") {
    constexpr std::size_t count = 8;
    constexpr std::size_t each = 10;
    constexpr int rounds = 200;
    double busiest = 0;
    Random kernel{7};
    for (int round = 0; round < rounds; ++round) {
        Workers workers{count};
        std::vector<std::size_t> connections(count);
        for (std::size_t i = 0; i < count * each; ++i) {
            const std::size_t worker = kernel.below(count);
            auto accepted = connection();
            if (!workers.balance.hand_over(worker, accepted))
                workers.balance.set_connections(worker, ++connections[worker]);
            for (std::size_t other = 0; other < count; ++other)
                while (workers.balance.take(other))
                    workers.balance.set_connections(other, ++connections[other]);
        }
        busiest += static_cast<double>(std::ranges::max(connections));
    }
    CHECK(busiest / rounds / each < 1.15);
}

TEST_CASE("between threads nothing is lost, and nothing comes behind the end") {
    constexpr std::size_t givers = 3;
    constexpr int each = 3000;
    Workers workers{givers + 1};
    AcceptBalance &balance = workers.balance;
    std::atomic<int> given{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (std::size_t giver = 1; giver <= givers; ++giver) {
        balance.set_connections(giver, 1'000'000);
        threads.emplace_back([&, giver] {
            for (int i = 0; i < each; ++i) {
                AcceptBalance::Connection empty{{}, {}, giver};
                if (balance.hand_over(giver, empty)) ++given;
            }
        });
    }
    int taken = 0;
    std::thread taker{[&] {
        while (!over || !balance.nothing_comes(0))
            while (balance.take(0)) {
                if (++taken == each / 2) balance.close(0);
            }
    }};
    for (std::thread &thread : threads) thread.join();
    over = true;
    taker.join();
    // Some went to another giver, who never looks.
    int elsewhere = 0;
    for (std::size_t giver = 1; giver <= givers; ++giver)
        while (balance.take(giver)) ++elsewhere;
    CHECK(taken + elsewhere == given);
    CHECK(taken >= each / 2);
}

}  // namespace uvoy::server
