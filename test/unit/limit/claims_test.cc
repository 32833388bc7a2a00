#include "limit/claims.h"

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <vector>

namespace uvoy::limit {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t key = 0x0123'4567'89ab'cdef;
constexpr TimePoint now{1h};

/// A request with a claim on each of several limits.
struct Request {
    explicit Request(std::vector<Policy> policies) {
        for (const Policy &policy : policies) {
            ledgers.emplace_back(policy, 64);
            shards.emplace_back(ledgers.back());
            claims.push_back({.shard = &shards.back(), .limit = claims.size(), .key_hash = key});
        }
    }

    /// The limit that refuses; -1 if none does.
    int ask(TimePoint at = now) {
        const Claim *refusing = admit_all(claims, at);
        return refusing == nullptr ? -1 : static_cast<int>(refusing->limit);
    }

    std::uint64_t tokens_taken(std::size_t limit) const {
        return ledgers[limit].peek(key, now).debt / 1024;
    }

    std::deque<Ledger> ledgers;
    std::deque<Shard> shards;
    std::vector<Claim> claims;
};

}  // namespace

TEST_CASE("a request that no limit refuses takes a token of each") {
    Request request{{{1, 1min, 5}, {1, 1min, 3}, {1, 1min, 9}}};
    for (int i = 0; i < 3; ++i) CHECK(request.ask() == -1);
    for (std::size_t limit = 0; limit < 3; ++limit) CHECK(request.tokens_taken(limit) == 3);
    CHECK(request.claims[0].verdict.remaining == 2);
    CHECK(request.claims[1].verdict.remaining == 0);
}

TEST_CASE("a request that one limit refuses takes no token of the others, before it or after it") {
    Request request{{{1, 1min, 5}, {1, 1min, 3}, {1, 1min, 9}}};
    request.ledgers[1].take(key, 3, now);
    for (int i = 0; i < 20; ++i) CHECK(request.ask() == 1);
    CHECK(request.tokens_taken(0) == 0);
    CHECK(request.tokens_taken(2) == 0);
    CHECK(request.ask(now + 1min) == -1);
}

TEST_CASE("of several limits that refuse, the one with the longest wait answers") {
    const Policy minute{1, 1min, 1};
    const Policy second{1, 1s, 1};
    for (const bool first : {true, false}) {
        Request request{first ? std::vector{minute, second} : std::vector{second, minute}};
        for (Ledger &ledger : request.ledgers) ledger.take(key, 1, now);
        CHECK(request.ask() == (first ? 0 : 1));
        CHECK(request.ask(now + 1s) == (first ? 0 : 1));
        CHECK(request.ask(now + 1min) == -1);
    }
}

TEST_CASE("a request without limits is admitted, and one with one limit asks it alone") {
    CHECK(admit_all({}, now) == nullptr);
    Request request{{{1, 1min, 2}}};
    CHECK(request.ask() == -1);
    CHECK(request.ask() == -1);
    CHECK(request.ask() == 0);
    CHECK(request.tokens_taken(0) == 2);
    CHECK(request.shards[0].meter().retry_after(request.claims[0].verdict) == 1min);
}

TEST_CASE("a token that was there a moment ago refunds those already taken") {
    // Two limits of one bucket with a single token: the first claim takes it from the second, as
    // another worker does between check and take.
    Request request{{{1, 1min, 5}, {1, 1min, 1}}};
    Shard rival{request.ledgers[1]};
    request.claims.push_back({.shard = &rival, .limit = 2, .key_hash = key});
    CHECK(request.ask() == 2);
    CHECK(request.tokens_taken(0) == 0);
    CHECK(request.tokens_taken(1) == 0);
    request.claims.pop_back();
    CHECK(request.ask() == -1);
    CHECK(request.tokens_taken(0) == 1);
    CHECK(request.tokens_taken(1) == 1);
}

TEST_CASE("a limit in dry run refuses nothing and tells what it would have refused") {
    Request request{{{1, 1min, 5}, {1, 1min, 2}}};
    request.claims[1].dry_run = true;
    for (const bool admitted : {true, true, false, false, false}) {
        CHECK(request.ask() == -1);
        CHECK(request.claims[0].verdict.admitted);
        CHECK(request.claims[1].verdict.admitted == admitted);
    }
    CHECK(request.ask() == 0);
    CHECK(request.tokens_taken(0) == 5);
    CHECK(request.tokens_taken(1) == 2);
}

TEST_CASE("a request that is refused takes no token of a limit in dry run") {
    Request request{{{1, 1min, 5}, {1, 1min, 1}}};
    request.claims[0].dry_run = true;
    request.ledgers[1].take(key, 1, now);
    CHECK(request.ask() == 1);
    CHECK(request.tokens_taken(0) == 0);
    request.claims.erase(request.claims.begin() + 1);
    CHECK(request.ask() == -1);
}

}  // namespace uvoy::limit
