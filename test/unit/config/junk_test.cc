#include "problems.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace uvoy::config {

namespace {

struct Junk {
    std::string text;
    std::string line;
};

std::string repeat(std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
}

/// A file of its own that goes away with the object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string &content) {
        std::string name = std::filesystem::temp_directory_path() / "uvoy-config-XXXXXX";
        const int fd = ::mkstemp(name.data());
        REQUIRE(fd >= 0);
        ::close(fd);
        path = name;
        std::ofstream{path} << content;
    }
    ~TemporaryFile() { std::filesystem::remove(path); }

    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;

    std::string path;
};

}  // namespace

TEST_CASE("junk of every kind is one line at the right place") {
    using namespace std::string_view_literals;
    const std::vector<Junk> list{
        {"", "f:1:1: error: the file is empty"},
        {" \n\t\n", "f:3:1: error: the file is empty"},
        {"// only this", "f:1:13: error: the file is empty"},
        {"\xef\xbb\xbf{}",
         "f:1:1: error: the file begins with a byte order mark; save it as UTF-8 without one"},
        {std::string{"\xff\xfe{\0}\0"sv}, "f:1:1: error: the file is UTF-16; save it as UTF-8"},
        {std::string{"{\n \"a\0\": 1}"sv}, "f:2:4: error: a NUL byte; this is not a text file"},
        {"{\"ä\": \"\xc3\"}", "f:1:8: error: not valid UTF-8"},
        {"{} // \xed\xa0\x80", "f:1:7: error: not valid UTF-8"},
        {"[]", "f:1:1: error: expected a configuration (an object), got an array"},
        {"null", "f:1:1: error: expected a configuration (an object), got null"},
        {"{\"workers\": 1,}",
         "f:1:15: error: a comma stands before the closing bracket: unexpected '}'; expected "
         "string literal"},
        {"{\"workers\": [1,2,]}",
         "f:1:18: error: a comma stands before the closing bracket: unexpected ']'; expected '[', "
         "'{', or a literal"},
        {"{\"workers\": 1\n \"admin\": null}",
         "f:2:2: error: a comma is missing here or a bracket is not closed: unexpected string "
         "literal; expected '}'"},
        {"{\"workers\" 1}", "f:1:12: error: unexpected number literal; expected ':'"},
        {"{workers: 1}", "f:1:2: error: invalid literal; expected string literal"},
        {"{\"workers\": tru}", "f:1:13: error: invalid literal"},
        {"{\"workers\": 01}",
         "f:1:14: error: a comma is missing here or a bracket is not closed: unexpected number "
         "literal; expected '}'"},
        {"{\"workers\": 1e999}", "f:1:13: error: the number is too large"},
        {"{},", "f:1:3: error: unexpected ','; expected end of input"},
        {"[1,,2]", "f:1:4: error: unexpected ','; expected '[', '{', or a literal"},
        {"{\"a\"::1}", "f:1:6: error: unexpected ':'; expected '[', '{', or a literal"},
        {"{ /x }",
         "f:1:3: error: invalid comment; expecting '/' or '*' after '/'; expected string "
         "literal"},
        {"{ /* x }",
         "f:1:9: error: the file ends too early: invalid comment; missing closing '*/'; expected "
         "string literal"},
        {"{\"a\": \"x}", "f:1:7: error: invalid string: missing closing quote"},
        {"{} {}", "f:1:4: error: unexpected '{'; expected end of input"},
        {"{\"a\": {\"b\": [1, 2",
         "f:1:18: error: the file ends too early: unexpected end of input; expected ']'"},
        {"{\"a\n\": 1}",
         "f:1:2: error: invalid string: control character U+000A (LF) must be escaped to \\\\u000A "
         "or \\\\n; expected string literal"},
        {"{\"a\": \"\\ud800\"}",
         "f:1:7: error: invalid string: surrogate U+D800..U+DBFF must be followed by "
         "U+DC00..U+DFFF"},
        {repeat("[", 65), "f:1:65: error: nested deeper than 64 levels"},
        {repeat("[", 100'000), "f:1:65: error: nested deeper than 64 levels"},
        {"{\"" + repeat("k", 257) + "\": 1}", "f:1:2: error: a key longer than 256 bytes"},
        {"[" + repeat("0,", 1'000'000) + "0]", "f:1:2000000: error: more than 1000000 values"},
        {repeat(" ", 16 * 1024 * 1024 + 1), "f:1:1: error: the file is larger than 16 MiB"},
    };
    for (const Junk &junk : list) {
        CAPTURE(junk.text.substr(0, 100));
        const Loaded loaded = parse_for_test(junk.text);
        CHECK_FALSE(loaded.config.has_value());
        CHECK(joined(lines_of(loaded)) == junk.line + '\n');
    }
}

TEST_CASE("any prefix of a valid file is refused with a place inside of it") {
    const std::string file =
        file_with({.top = R"("admin": null /* ö */)", .route = R"("cluster": "app")"});
    REQUIRE(parse_for_test(file).config.has_value());
    for (std::size_t size = 0; size < file.size(); ++size) {
        CAPTURE(file.substr(0, size));
        const Loaded loaded = parse_for_test(file.substr(0, size));
        CHECK_FALSE(loaded.config.has_value());
        REQUIRE_FALSE(loaded.problems.empty());
        CHECK(loaded.problems[0].line == 1);
        CHECK(loaded.problems[0].column >= 1);
        CHECK(loaded.problems[0].column <= size + 1);
    }
}

TEST_CASE("a flood of problems is cut off and says so") {
    std::string text = "{";
    for (int i = 0; i < 5000; ++i) text += "\"x" + std::to_string(i) + "\": 1,";
    text += "\"y\": 1}";
    const Loaded loaded = parse_for_test(text);
    REQUIRE(loaded.problems.size() == 1001);
    CHECK(loaded.problems.back().text == "there are more problems; the first 1000 are shown");
}

TEST_CASE("a file that cannot be read is one line") {
    CHECK(joined(lines_of(load("/nonexistent/uvoy.json"))) ==
          "f:1:1: error: cannot open: No such file or directory\n");
    CHECK(joined(lines_of(load("/"))) == "f:1:1: error: it is a directory\n");
    CHECK(joined(lines_of(load("/dev/zero"))) == "f:1:1: error: it is larger than 16 MiB\n");
    CHECK(joined(lines_of(load("/dev/null"))) == "f:1:1: error: the file is empty\n");
}

TEST_CASE("load reads a file and the files that it refers to") {
    const TemporaryFile secret{"s3cret\n"};
    const TemporaryFile file{
        file_with({.top = R"("hash_seed": "${FILE:)" + secret.path + R"(}")"})};
    const Loaded loaded = load(file.path);
    INFO(joined(lines_of(loaded)));
    REQUIRE(loaded.config.has_value());
    CHECK(loaded.config->hash_seed == "s3cret");
}

}  // namespace uvoy::config
