#include "base/reason.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace uvoy {

TEST_CASE("every reason has a word of its own") {
    std::set<std::string> words;
    for (std::size_t i = 1; i < reason_count; ++i) {
        const std::string word{name(static_cast<Reason>(i))};
        CHECK_FALSE(word.empty());
        CHECK(words.insert(word).second);
    }
    CHECK(name(Reason::none).empty());
    CHECK(name(Reason::connect_refused) == "connect_refused");
    CHECK(name(Reason::overload) == "overload");
}

}  // namespace uvoy
