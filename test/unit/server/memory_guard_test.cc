#include "server/memory_guard.h"

#include "uv/loop.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>

namespace uvoy::server {

TEST_CASE("work is refused above the limit, until memory is well below it") {
    CHECK_FALSE(MemoryGuard::decide(false, 1000, 1000));
    CHECK(MemoryGuard::decide(false, 1001, 1000));
    CHECK(MemoryGuard::decide(true, 951, 1000));
    CHECK_FALSE(MemoryGuard::decide(true, 950, 1000));
}

TEST_CASE("a limit that this process exceeds already is noticed, and one far away is not") {
    for (const bool small : {true, false}) {
        uv::Loop loop;
        std::atomic<bool> overloaded = false;
        MemoryGuard guard{loop, small ? std::uint64_t{1} << 16 : std::uint64_t{1} << 50,
                          overloaded};
        struct Stop {
            uv::Loop &loop;
            void now() { loop.stop(); }
        } stop{loop};
        uv::Timer timer{loop, Delegate<void()>::bind<&Stop::now>(stop)};
        timer.arm(MemoryGuard::interval * 4);
        loop.run();
        CHECK(overloaded == small);
    }
}

}  // namespace uvoy::server
