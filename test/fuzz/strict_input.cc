#include "strict_input.h"

#include "check.h"

#include <string>

namespace uvoy::fuzz {

namespace {

struct Framing {
    int lengths = 0;
    int codings = 0;
};

std::string in_lower_case(std::string_view text) {
    std::string lower{text};
    for (char &c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return lower;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

void check_bytes(std::string_view line) {
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        check((byte >= 0x20 && byte != 0x7f) || c == '\t', "a control byte in a head");
    }
}

void check_field(std::string_view line, Framing &framing) {
    const std::size_t colon = line.find(':');
    check(colon != std::string_view::npos && colon != 0, "a line without a name");
    const std::string name = in_lower_case(line.substr(0, colon));
    check(name.find_first_of(" \t\"(),/;<=>?@[\\]{}") == std::string::npos, "a name of odd bytes");
    const std::string value = in_lower_case(trim(line.substr(colon + 1)));
    if (name == "content-length") {
        ++framing.lengths;
        check(!value.empty() && value.find_first_not_of("0123456789") == std::string::npos,
              "a Content-Length that is no number");
    } else if (name == "transfer-encoding") {
        ++framing.codings;
        check(value == "chunked", "a coding that is not chunked");
    }
}

std::string_view take_line(std::string_view &bytes) {
    const std::size_t end = bytes.find("\r\n");
    check(end != std::string_view::npos, "a line without an end");
    const std::string_view line = bytes.substr(0, end);
    check_bytes(line);
    bytes.remove_prefix(end + 2);
    return line;
}

std::size_t chunk_size(std::string_view line) {
    static constexpr std::string_view hex = "0123456789abcdef";
    const std::string digits = in_lower_case(line.substr(0, line.find(';')));
    check(!digits.empty() && digits.size() <= 16, "a chunk size of a wrong length");
    std::size_t size = 0;
    for (const char c : digits) {
        check(hex.find(c) != std::string_view::npos, "a chunk size that is no number");
        size = size * 16 + hex.find(c);
    }
    return size;
}

}  // namespace

void check_accepted_head(std::string_view head) {
    check(head.ends_with("\r\n\r\n"), "a head without an end");
    take_line(head);
    Framing framing;
    for (std::string_view line = take_line(head); !line.empty(); line = take_line(head))
        check_field(line, framing);
    check(head.empty(), "bytes behind a head");
    check(framing.lengths + framing.codings <= 1, "more than one field delimits the body");
}

void check_accepted_chunks(std::string_view bytes, std::string_view body) {
    for (std::size_t size = chunk_size(take_line(bytes)); size != 0;
         size = chunk_size(take_line(bytes))) {
        check(size <= body.size() && bytes.substr(0, size) == body.substr(0, size),
              "another body than the chunks hold");
        body.remove_prefix(size);
        bytes.remove_prefix(size);
        check(take_line(bytes).empty(), "a chunk longer than it says");
    }
    check(body.empty(), "more of a body than the chunks hold");
    Framing none;
    for (std::string_view line = take_line(bytes); !line.empty(); line = take_line(bytes))
        check_field(line, none);
    check(none.lengths + none.codings == 0, "a trailer that delimits a body");
    check(bytes.empty(), "bytes behind the chunks");
}

}  // namespace uvoy::fuzz
