#include "http/path.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::http {

namespace {

using Dots = PathRules::DotSegments;
using Slashes = PathRules::EncodedSlashes;

struct Row {
    std::string path;
    std::optional<std::string> result;  // none: refused
};

void check(const PathRules &rules, const std::vector<Row> &rows) {
    std::string buffer;
    for (const Row &row : rows) {
        CAPTURE(row.path);
        const auto result = normalize_path(row.path, rules, buffer);
        CHECK(result.has_value() == row.result.has_value());
        if (result && row.result) {
            CHECK(*result == *row.result);
            // What is normal stays as it is: the next uvoy in the chain sees the same path.
            const std::string once{*result};
            const auto again = normalize_path(once, rules, buffer);
            REQUIRE(again);
            CHECK(*again == once);
        }
    }
}

}  // namespace

TEST_CASE("by default dot segments are resolved and encoded slashes kept") {
    check({}, {
                  {"/", "/"},
                  {"/a/b;c=d/e", "/a/b;c=d/e"},
                  {"//", "//"},
                  {"//a//b//", "//a//b//"},
                  {"/.", "/"},
                  {"/./", "/"},
                  {"/..", "/"},
                  {"/../", "/"},
                  {"/../../etc/passwd", "/etc/passwd"},
                  {"/a/.", "/a/"},
                  {"/a/./b", "/a/b"},
                  {"/a/..", "/"},
                  {"/a/../b", "/b"},
                  {"/a/b/..", "/a/"},
                  {"/a/b/../", "/a/"},
                  {"/a/b/../../c", "/c"},
                  {"/a//../b", "/a/b"},
                  {"/a/.../b", "/a/.../b"},
                  {"/a/..b", "/a/..b"},
                  {"/.well-known/x", "/.well-known/x"},
                  {"/a/%2e/b", "/a/b"},
                  {"/a/%2e%2E/b", "/b"},
                  {"/a/.%2e/b", "/b"},
                  {"/%61dmin", "/admin"},
                  {"/%7Euser%2D%5f", "/~user-_"},
                  {"/a%20b%C3%A4", "/a%20b%C3%A4"},
                  {"/a%2fb%2Fc", "/a%2fb%2Fc"},
                  {"/a%5cb", "/a%5cb"},
                  {"/a%252fb", "/a%252fb"},
                  {"/%25%32%65", "/%252e"},  // decoded once, never twice
              });
}

TEST_CASE("what endpoints read in different ways is refused") {
    check({}, {
                  {"/a\\b", std::nullopt},
                  {"/a\\..\\b", std::nullopt},
                  {"/%", std::nullopt},
                  {"/%2", std::nullopt},
                  {"/%zz", std::nullopt},
                  {"/%2g", std::nullopt},
                  {"/a%u002f", std::nullopt},
                  {"/%00", std::nullopt},
                  {"/a%0d%0aX:%20y", std::nullopt},
                  {"/%1f", std::nullopt},
                  {"/%7f", std::nullopt},
                  {"/a/..;/b", std::nullopt},
                  {"/a/..;x=y/b", std::nullopt},
                  {"/a/.;/b", std::nullopt},
                  {"/a/..%3bx/b", std::nullopt},
                  {"/a/.%3B/b", std::nullopt},
                  {"/a/%2e%2e;/b", std::nullopt},
                  {"/a/..%2fb", std::nullopt},
                  {"/a/x%2f..%2Fb", std::nullopt},
                  {"/a/x%2f..", std::nullopt},
                  {"/a/x%5c%2e%2e", std::nullopt},
                  {"/a/x%2f..;b", std::nullopt},
                  {"/a/..x%2fb", "/a/..x%2fb"},
              });
}

TEST_CASE("encoded slashes can be decoded or refused") {
    check({.encoded_slashes = Slashes::decode},
          {{"/a%2fb", "/a/b"}, {"/a%5Cb", "/a/b"}, {"/a/..%2fb", "/b"}, {"/a%2f%2e%2e", "/"}});
    check({.encoded_slashes = Slashes::refuse},
          {{"/a%2fb", std::nullopt}, {"/a%5Cb", std::nullopt}, {"/a/../b", "/b"}});
}

TEST_CASE("dot segments can be refused or kept") {
    check({.dot_segments = Dots::refuse}, {{"/a/../b", std::nullopt},
                                           {"/a/%2e", std::nullopt},
                                           {"/.", std::nullopt},
                                           {"/a/..;b", std::nullopt},
                                           {"/a/..b", "/a/..b"}});
    check({.dot_segments = Dots::keep},
          {{"/a/../b", "/a/../b"}, {"/a/..;/b", "/a/..;/b"}, {"/..%2f", "/..%2f"}});
}

TEST_CASE("escapes of unreserved bytes and controls can be kept") {
    check({.decode_unreserved = false},
          {{"/%61", "/%61"}, {"/a/%2e%2e/b", "/b"}, {"/%2ea", "/.a"}, {"/%00", std::nullopt}});
    check({.dot_segments = Dots::keep, .decode_unreserved = false},
          {{"/a/%2e%2e/b", "/a/%2e%2e/b"}});
    check({.keep_encoded_controls = true}, {{"/%00%0a", "/%00%0a"}});
}

TEST_CASE("slashes can be merged") {
    check({.merge_slashes = true},
          {{"//", "/"}, {"//a///b//", "/a/b/"}, {"/a//../b", "/b"}, {"///..//a", "/a"}});
}

TEST_CASE("what has another spelling is found wherever it is in a path") {
    for (std::size_t length = 1; length < 40; ++length) {
        const std::string before = "/" + std::string(length, 'a');
        const std::string resolved = before + "/b";
        const std::string letter = before + "Ab";
        const std::string cut = before + "/";
        check({.merge_slashes = true}, {{before + "/./b", resolved},
                                        {before + "//b", resolved},
                                        {before + "/c/../b", resolved},
                                        {before + "%41b", letter},
                                        {before + "\\b", std::nullopt},
                                        {before + "/.", cut}});
    }
}

TEST_CASE("a path that is normal is not copied") {
    std::string buffer;
    const std::string_view path = "/a/b.c/d..e";
    const auto result = normalize_path(path, {}, buffer);
    REQUIRE(result);
    CHECK(result->data() == path.data());
}

}  // namespace uvoy::http
