#include "server/log_ring.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>

namespace uvoy::server {

namespace {

std::string content(const LogRing &ring) {
    const LogRing::Pieces pieces = ring.peek();
    return std::string{pieces[0]}.append(pieces[1]);
}

}  // namespace

TEST_CASE("a ring gives back what was pushed, in order, also over its end") {
    LogRing ring{16};
    for (int round = 0; round < 50; ++round) {
        CHECK(ring.push("abc\n"));
        CHECK(ring.push("defg\n"));
        CHECK(content(ring) == "abc\ndefg\n");
        ring.drop(4);
        CHECK(content(ring) == "defg\n");
        ring.drop(5);
        CHECK(content(ring).empty());
    }
}

TEST_CASE("a full ring takes whole lines or nothing") {
    LogRing ring{16};
    CHECK(ring.capacity() == 16);
    CHECK(ring.push("0123456789\n"));
    CHECK_FALSE(ring.push("01234\n"));
    CHECK(ring.push("0123\n"));
    CHECK_FALSE(ring.push("\n"));
    CHECK(content(ring) == "0123456789\n0123\n");
    ring.drop(1);
    CHECK(ring.push("\n"));
    CHECK_FALSE(ring.push(std::string(17, 'x')));
}

TEST_CASE("two threads lose and tear nothing") {
    constexpr int lines = 20'000;
    LogRing ring{256};
    std::thread worker{[&ring] {
        for (int i = 0; i < lines;) {
            const std::string line = "line " + std::to_string(i) + "\n";
            if (ring.push(line)) ++i;
            else std::this_thread::yield();
        }
    }};
    std::string got;
    std::string expected;
    for (int i = 0; i < lines; ++i) expected += "line " + std::to_string(i) + "\n";
    while (got.size() < expected.size()) {
        const std::string piece = content(ring);
        CHECK_MESSAGE((piece.empty() || piece.back() == '\n'), piece);
        if (piece.empty()) std::this_thread::yield();
        got += piece;
        ring.drop(piece.size());
    }
    worker.join();
    CHECK((got == expected));
}

}  // namespace uvoy::server
