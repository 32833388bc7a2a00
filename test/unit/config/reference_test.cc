#include "config/reference.h"

#include "problems.h"

#include <doctest/doctest.h>

namespace uvoy::config {

TEST_CASE("references become the values they name") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"plain", "plain"},
        {"", ""},
        {"${ENV:HOST}:${ENV:PORT}", "127.0.0.1:8081"},
        {"${ENV:NONE:-default}", "default"},
        {"${ENV:NONE:-}", ""},
        {"${ENV:EMPTY:-default}", ""},
        {"a$b{c}$", "a$b{c}$"},
        {"$${ENV:HOST}", "${ENV:HOST}"},
        {"${FILE:/dev/null}", ""}};
    for (const auto &entry : cases) {
        const auto &text = entry.first;
        const auto &value = entry.second;
        CAPTURE(text);
        const Result<std::string, std::string> expanded = expand(text, test_environment);
        REQUIRE(expanded.has_value());
        CHECK(*expanded == value);
    }
}

TEST_CASE("a reference that leads nowhere says what to do") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"${ENV:NONE}",
         "the environment variable NONE is not set; ${ENV:NONE:-value} gives a default"},
        {"${ENV:}", "\"\" is not the name of an environment variable"},
        {"${ENV:A-B}", "\"A-B\" is not the name of an environment variable"},
        {"${ENV:HOST", "${ is not closed by }"},
        {"${HOST}",
         "unknown reference \"${HOST}\", expected ${ENV:NAME} or ${FILE:/path}; write $${ for a "
         "plain ${"},
        {"${FILE:secret}", "${FILE:...} needs an absolute path, got \"secret\""},
        {"${FILE:/nonexistent}", "file \"/nonexistent\": cannot open: No such file or directory"},
        {"${FILE:/}", "file \"/\": it is a directory"},
        {"${FILE:/dev/zero}", "file \"/dev/zero\": it is larger than 1 MiB"}};
    for (const auto &entry : cases) {
        const auto &text = entry.first;
        const auto &problem = entry.second;
        CAPTURE(text);
        const Result<std::string, std::string> expanded = expand(text, test_environment);
        REQUIRE_FALSE(expanded.has_value());
        CHECK(expanded.error() == problem);
    }
}

TEST_CASE("a problem with a referenced value does not show the value") {
    for (const Parts &parts :
         {Parts{.endpoint = R"("${ENV:SECRET}")"},
          Parts{.top = R"("shutdown": {"drain_timeout": "${ENV:SECRET}"})"},
          Parts{.top = R"("workers": "${ENV:SECRET}")"},
          Parts{.top = R"("access_log": {"path": "${ENV:SECRET}"})"},
          Parts{.route = R"("cluster": "${ENV:SECRET}")"},
          Parts{.route = R"("respond": {"headers": {"x": "${ENV:SECRET}\n"}})"}}) {
        const std::string lines = joined(lines_of(parse_for_test(file_with(parts))));
        CAPTURE(lines);
        CHECK(lines.find("${ENV:SECRET}") != lines.npos);
        CHECK(lines.find("s3cret") == lines.npos);
    }
}

TEST_CASE("a referenced value counts as if it were written") {
    const Loaded loaded = parse_for_test(file_with({.endpoint = R"("${ENV:HOST}:${ENV:PORT}")"}));
    INFO(joined(lines_of(loaded)));
    REQUIRE(loaded.config.has_value());
    CHECK(loaded.config->clusters[0].endpoints[0].name == "127.0.0.1:8081");
}

}  // namespace uvoy::config
