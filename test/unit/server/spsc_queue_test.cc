#include "server/spsc_queue.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using uvoy::server::SpscQueue;

TEST_CASE("a queue gives back what was put in, in order") {
    SpscQueue<int, 4> queue;
    CHECK(queue.pop() == std::nullopt);
    CHECK(queue.push(1));
    CHECK(queue.push(2));
    CHECK(queue.pop() == 1);
    CHECK(queue.pop() == 2);
    CHECK(queue.pop() == std::nullopt);
}

TEST_CASE("a full queue refuses, and has room again after a pop") {
    SpscQueue<int, 4> queue;
    for (int i = 0; i < 4; ++i) CHECK(queue.push(i));
    CHECK_FALSE(queue.push(4));
    CHECK(queue.pop() == 0);
    CHECK(queue.push(5));
    for (const int expected : {1, 2, 3, 5}) CHECK(queue.pop() == expected);
}

TEST_CASE("a queue loses and repeats nothing between two threads") {
    SpscQueue<int, 8> queue;
    constexpr int count = 20'000;
    std::atomic<bool> over{false};
    std::thread producer{[&] {
        for (int i = 0; i < count; ++i)
            while (!queue.push(i)) std::this_thread::yield();
        over = true;
    }};
    int popped = 0;
    int in_order = 0;
    for (;;) {
        const bool last_look = over;
        if (const auto value = queue.pop()) {
            in_order += *value == popped ? 1 : 0;
            ++popped;
        } else if (last_look) {
            break;
        } else {
            std::this_thread::yield();
        }
    }
    producer.join();
    CHECK(popped == count);
    CHECK(in_order == count);
}
