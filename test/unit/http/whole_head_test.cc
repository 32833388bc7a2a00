#include "base/random.h"
#include "http/head.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

namespace {

constexpr HeadLimits small{.header_bytes = 300, .headers = 5, .target_bytes = 60};

std::string text_of(const Fields &fields) {
    std::string text;
    for (const Field &field : fields)
        text.append(field.name).append("=").append(field.value).append(field.plain ? "!" : ";") +=
            static_cast<char>('0' + static_cast<int>(field.id));
    return text;
}

std::string text_of(const RequestHead &head) {
    return std::string{head.method_text}.append(" ").append(head.target).append(" ") +
           std::to_string(static_cast<int>(head.method)) +
           std::to_string(static_cast<int>(head.version)) + text_of(head.fields);
}

std::string text_of(const ResponseHead &head) {
    return std::to_string(head.status).append(" ").append(head.reason_phrase).append(" ") +
           std::to_string(static_cast<int>(head.version)) + text_of(head.fields);
}

/// By scanner and parser: the head's length and what it says; nothing if it is not good, not whole
/// or not at the front.
template <typename Head>
std::optional<std::string> judge(std::string_view bytes, std::size_t &size, auto parse) {
    HeadScanner scanner;
    const auto found = scanner.scan(bytes, small);
    if (!found || found->begin != 0 || found->end == 0) return std::nullopt;
    Head head;
    if (!parse(bytes.substr(0, found->end), small, head)) return std::nullopt;
    size = found->end;
    return text_of(head);
}

template <typename Head>
void compare(std::string_view bytes, auto parse, auto parse_whole) {
    std::size_t judged_size = 0;
    const auto judged = judge<Head>(bytes, judged_size, parse);
    Head head;
    const std::size_t size = parse_whole(bytes, small, head);
    const std::string shown = readable(bytes);
    CAPTURE(shown);
    // Long start lines are left to the scanner.
    if (bytes.find("\r\n") >= small.target_bytes && size == 0) return;
    REQUIRE(size == judged_size);
    if (judged) CHECK(text_of(head) == *judged);
}

void compare_request(std::string_view bytes) {
    compare<RequestHead>(bytes, parse_request, parse_whole_request);
}

void compare_response(std::string_view bytes) {
    compare<ResponseHead>(bytes, parse_response, parse_whole_response);
}

const std::vector<std::string> requests{
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /some/path?query=1 HTTP/1.0\r\nHost:a\r\nContent-Length: 4 \r\nX-A:\t b\tc \r\n\r\nbody",
    "GET /a HTTP/1.1\r\nHost: example.com\r\nUser-Agent: something long enough (for) blocks\r\n"
    "x!#$%&'*+.^_`|~y: \xe4\xc4\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE:\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
};

const std::vector<std::string> responses{
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 404\r\nServer: x\r\n\r\nbody",
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbody",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
};

}  // namespace

TEST_CASE("a head that is whole, good and at the front is parsed at once") {
    RequestHead request;
    CHECK(parse_whole_request(requests[3], small, request) == requests[3].find("GET / "));
    CHECK(request.fields.size() == 3);
    CHECK(request.fields.has(FieldId::user_agent));
    CHECK_FALSE(request.fields.has(FieldId::connection));
    ResponseHead response;
    CHECK(parse_whole_response(responses[2], small, response) == responses[2].size() - 4);
    CHECK(response.status == 200);
    CHECK(parse_whole_response("HTTP/1.1 200 OK\r\n\r\n", small, response) == 19);
    CHECK_FALSE(response.fields.has(FieldId::connection));
}

TEST_CASE("what is parsed at once is what scanner and parser find, however it is cut or damaged") {
    static constexpr std::string_view damage{"\r\n\0\t :aZ-_\x7f\x80#/\x01 ", 17};
    Random random{7};
    const auto compare_all = [&](const std::string &good, auto compare_one) {
        for (std::size_t size = 0; size <= good.size(); ++size) compare_one(good.substr(0, size));
        for (int i = 0; i < 4000; ++i) {
            std::string bytes = good;
            for (std::uint32_t left = 1 + random.below(3); left != 0; --left) {
                const std::size_t at = random.below(static_cast<std::uint32_t>(bytes.size()));
                const char byte = damage[random.below(damage.size())];
                switch (random.below(3)) {
                    case 0:
                        bytes[at] = byte;
                        break;
                    case 1:
                        bytes.insert(at, 1, byte);
                        break;
                    default:
                        bytes.erase(at, 1);
                }
            }
            compare_one(bytes);
        }
    };
    for (const std::string &good : requests) compare_all(good, compare_request);
    for (const std::string &good : responses) compare_all(good, compare_response);
}

TEST_CASE("limits hold for what is parsed at once") {
    for (std::size_t size = 0; size < 400; ++size) {
        compare_request("GET / HTTP/1.1\r\nA: " + std::string(size, 'x') + "\r\n\r\n");
        compare_request("GET /" + std::string(size, 'x') + " HTTP/1.1\r\n\r\n");
        compare_request(std::string(size, 'x') + " / HTTP/1.1\r\n\r\n");
        compare_response("HTTP/1.1 200 " + std::string(size, 'x') + "\r\n\r\n");
    }
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 8; ++i) compare_request((many += "A: b\r\n") + "\r\n");
}

}  // namespace uvoy::http
