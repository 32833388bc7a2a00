#include "strict_head.h"

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

}  // namespace

void check_accepted_head(std::string_view head) {
    check(head.ends_with("\r\n\r\n"), "a head without an end");
    head.remove_suffix(2);
    Framing framing;
    for (bool start = true; !head.empty(); start = false) {
        const std::size_t end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        check(!line.empty(), "an empty line in a head");
        check_bytes(line);
        if (!start) check_field(line, framing);
        head.remove_prefix(end + 2);
    }
    check(framing.lengths + framing.codings <= 1, "more than one field delimits the body");
}

}  // namespace uvoy::fuzz
