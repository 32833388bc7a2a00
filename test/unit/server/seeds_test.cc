#include "server/seeds.h"

#include <doctest/doctest.h>

using namespace uvoy::server;

TEST_CASE("the same hash_seed is the same number on every machine") {
    CHECK(hash_seed_of("fleet secret") == hash_seed_of("fleet secret"));
    CHECK(hash_seed_of("fleet secret") != hash_seed_of("fleet secreT"));
}

TEST_CASE("without a hash_seed every start has another one") {
    CHECK(hash_seed_of("") != hash_seed_of(""));
}
