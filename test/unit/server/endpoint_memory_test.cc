#include "server/endpoint_memory.h"

#include <doctest/doctest.h>

namespace uvoy::server {

namespace {

EndpointMemory known(std::string name) {
    return {.cluster = "app",
            .name = std::move(name),
            .address = "192.0.2.1:80",
            .duty = cluster::Duty::maintenance,
            .weight = EndpointMemory::Weight{.now = 7, .instead_of = 2},
            .out = EndpointMemory::Out{.cause = cluster::EjectionCause::failure_ratio,
                                       .why = "said \"no\"\xff"}};
}

}  // namespace

TEST_CASE("what is written of endpoints is read again") {
    const auto texts = to_texts({known("a"), known("b")}, 8, 8000);
    REQUIRE(texts.size() == 1);
    const auto read = read_memories(texts[0]);
    REQUIRE(read.size() == 2);
    CHECK(read[0].name == "a");
    CHECK(read[1].name == "b");
    CHECK(read[1].cluster == "app");
    CHECK(read[1].address == "192.0.2.1:80");
    CHECK(read[1].duty == cluster::Duty::maintenance);
    CHECK(read[1].weight->now == 7);
    CHECK(read[1].weight->instead_of == 2);
    CHECK(read[1].out->cause == cluster::EjectionCause::failure_ratio);
    // What is no text has a sign in its place.
    CHECK(read[1].out->why == "said \"no\"\xef\xbf\xbd");
}

TEST_CASE("texts and their number have limits, and what has no room is left out") {
    constexpr std::size_t longest = 600;
    const auto texts = to_texts(
        {known("a"), known(std::string(700, 'x')), known("b"), known("c"), known("d")}, 2, longest);
    REQUIRE(texts.size() == 2);
    std::string names;
    for (const std::string &text : texts) {
        CHECK(text.size() <= longest);
        for (const EndpointMemory &each : read_memories(text)) names += each.name;
    }
    CHECK(names == "abcd");
    CHECK(to_texts({}, 2, longest).empty());
}

TEST_CASE("another version's text does no harm") {
    for (const char *const text :
         {"", "{", "{}", "[1, null]", R"([{"cluster": 1, "duty": 3, "weight": [], "out": "x"}])",
          R"([{"cluster": "a", "name": "b", "weight": {"now": -1}, "out": {"cause": "new"}}])"}) {
        CAPTURE(text);
        for (const EndpointMemory &each : read_memories(text)) {
            CHECK(each.duty == cluster::Duty::ready);
            CHECK(!each.weight);
            CHECK(!each.out);
        }
    }
}

}  // namespace uvoy::server
