#include "rcu/published.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace uvoy {
namespace {

/// Two halves that agree for as long as the object lives.
struct Pair {
    explicit Pair(std::uint64_t n) : left{n}, right{n} {}
    ~Pair() {
        *const_cast<volatile std::uint64_t *>(&left) = right + 1;
        if (freed != nullptr) *freed = true;
    }

    Pair(const Pair &) = delete;
    Pair &operator=(const Pair &) = delete;

    std::uint64_t left, right;
    std::atomic<bool> *freed = nullptr;
};

}  // namespace

TEST_CASE("no reader ever sees a freed snapshot while another thread publishes") {
    rcu::Published<Pair> published{std::make_unique<const Pair>(0)};
    std::atomic<bool> stop{false};
    std::atomic<int> torn{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            const rcu::Thread membership;
            while (!stop) {
                const rcu::ReadSection section;
                const Pair &pair = published.read(section);
                if (pair.left != pair.right) ++torn;
            }
        });
    }
    {
        const rcu::Thread membership;
        for (std::uint64_t n = 1; n <= 300; ++n) published.publish(std::make_unique<const Pair>(n));
    }
    stop = true;
    for (std::thread &reader : readers) reader.join();
    CHECK(torn == 0);
}

TEST_CASE("an old snapshot is freed when the last section that may hold it ends, not before") {
    std::atomic<bool> freed{false};
    auto first = std::make_unique<Pair>(1);
    first->freed = &freed;
    rcu::Published<Pair> published{std::move(first)};

    const rcu::Thread membership;
    std::thread publisher;
    {
        const rcu::ReadSection section;
        const Pair &held = published.read(section);
        publisher = std::thread{[&] {
            const rcu::Thread publisher_membership;
            published.publish(std::make_unique<const Pair>(2));
        }};
        while (published.read(section).left != 2) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        CHECK_FALSE(freed);
        CHECK(held.left == 1);
    }
    publisher.join();
    CHECK(freed);
}

}  // namespace uvoy
