#include "config/suggest.h"

#include <doctest/doctest.h>

namespace uvoy::config {

TEST_CASE("a typing mistake finds the word that was meant") {
    const std::vector<std::string_view> words{"cluster", "timeout", "idle_timeout", "host", "key"};
    CHECK(closest("clutser", words) == "cluster");
    CHECK(closest("Cluster", words) == "cluster");
    CHECK(closest("timeouts", words) == "timeout");
    CHECK(closest("idletimeout", words) == "idle_timeout");
    CHECK(closest("hots", words) == "host");
    CHECK(closest("keys", words) == "key");
    CHECK(did_you_mean("hsot", words) == ", did you mean \"host\"?");
}

TEST_CASE("a word that is far from all gets no suggestion") {
    const std::vector<std::string_view> words{"cluster", "host", "key"};
    for (const char *word : {"", "x", "tls", "proxy_protocol", "mirror"})
        CHECK_MESSAGE(!closest(word, words).has_value(), word);
    CHECK_FALSE(closest(std::string(1000, 'k'), words).has_value());
    CHECK(did_you_mean("tls", words).empty());
}

}  // namespace uvoy::config
