#include "base/few.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

namespace uvoy {

namespace {

using Texts = Few<std::string_view, 3>;

std::vector<std::string_view> all(const Texts &texts) {
    return {texts.view().begin(), texts.view().end()};
}

}  // namespace

TEST_CASE(
    "values stand in their order, up to as many as there is room for, and again when cleared") {
    Texts texts;
    for (int round = 0; round < 2; ++round) {
        CHECK(texts.empty());
        CHECK(texts.room() == 3);
        CHECK(texts.view().empty());
        texts.push_back("a");
        texts.push_back("b");
        CHECK(texts.size() == 2);
        texts.back() = "c";
        texts.push_back("d");
        CHECK(texts.room() == 0);
        CHECK(all(texts) == std::vector<std::string_view>{"a", "c", "d"});
        texts.clear();
    }
}

TEST_CASE("what no value uses is not touched") {
    alignas(Texts) unsigned char memory[sizeof(Texts)];
    std::memset(memory, 0xa5, sizeof memory);
    auto *const texts = new (memory) Texts;
    texts->push_back("a");
    const auto untouched = std::ranges::count(memory, 0xa5);
    CHECK(untouched >= static_cast<std::ptrdiff_t>(2 * sizeof(std::string_view)));
}

}  // namespace uvoy
