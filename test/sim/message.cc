#include "message.h"

#include "base/random.h"

#include <algorithm>
#include <charconv>

namespace uvoy::sim {

namespace {

// content() counts through the printable bytes, in rows so that its period is long.
constexpr std::uint32_t letters = 90;
constexpr std::size_t row_size = 251;

std::size_t some_size(std::uint64_t bits) {
    switch (bits % 10) {
        case 0:
            return 0;
        case 1:
            return 1;
        case 2:
        case 3:
            return 30'000 + (bits >> 8) % 150'000;
        default:
            return (bits >> 8) % 3'000;
    }
}

std::string chunked(const std::string &body, std::uint64_t bits, bool trailers) {
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        bits = mix(bits);
        const std::size_t size = std::min<std::size_t>(body.size() - at, 1 + bits % 20'000);
        char digits[20];
        const auto end = std::to_chars(digits, digits + 20, size, 16).ptr;
        out.append(digits, end).append(bits % 7 == 0 ? ";a=b\r\n" : "\r\n");
        out.append(body, at, size).append("\r\n");
        at += size;
    }
    out += "0\r\n";
    if (trailers) out += "X-Sum: 42\r\n";
    return out + "\r\n";
}

}  // namespace

Plan::Plan(std::uint64_t number) : id{number} {
    const std::uint64_t bits = mix(number * 7 + 3);
    static const char *const methods[]{"GET",  "GET", "GET",  "POST",
                                       "POST", "PUT", "HEAD", "DELETE"};
    method = methods[bits % 8];
    http10 = (bits >> 8) % 12 == 0;
    if (method == "POST" || method == "PUT") {
        body = (bits >> 12) % 2 == 0 || http10 ? Body::sized : Body::chunked;
        request_size = some_size(bits >> 16);
    }
    switch ((bits >> 20) % 12) {
        case 0:
            answer = Answer::no_content;
            break;
        case 1:
            answer = Answer::until_close;
            break;
        case 2:
            answer = Answer::early;
            break;
        case 3:
        case 4:
        case 5:
            answer = Answer::chunked;
            break;
        default:
            break;
    }
    if (answer != Answer::no_content) response_size = some_size(bits >> 24);
    interim = (bits >> 40) % 9 == 0;
    trailers = (bits >> 44) % 4 == 0;
    tunnel = method == "GET" && !http10 && (bits >> 48) % 6 == 0;
    if (tunnel) request_size = some_size(bits >> 50);
    if (tunnel) response_size = some_size(bits >> 52);
}

std::uint64_t id_of(std::string_view target) {
    std::uint64_t id = 0;
    for (const char c : target.substr(std::min<std::size_t>(target.size(), 1))) {
        if (c < '0' || c > '9') break;
        id = id * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return id;
}

std::string content(std::uint64_t id, std::size_t size) {
    // Most of a run's bytes are made here: one add and one compare for each.
    std::string bytes(size, '\0');
    std::uint32_t value = static_cast<std::uint32_t>(mix(id) % letters);
    for (std::size_t row = 0; row < size; row += row_size, value = (value + 1) % letters) {
        char *const end = bytes.data() + std::min(size, row + row_size);
        for (char *at = bytes.data() + row; at != end; ++at) {
            *at = static_cast<char>('!' + value);
            value += 7;
            if (value >= letters) value -= letters;
        }
    }
    return bytes;
}

std::string Plan::request(std::uint32_t attempt) const {
    std::string out = method + " /" + std::to_string(id) + "?attempt=" + std::to_string(attempt) +
                      (http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n") + "Host: sim.example\r\n";
    if (http10) out += "Connection: keep-alive\r\n";
    out += "X-Forwarded-For: 6.6.6.6\r\nConnection: X-Hop\r\nX-Hop: secret\r\n";
    if (tunnel) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    const std::string bytes = content(id, request_size);
    if (body == Body::sized) {
        out += "Content-Length: " + std::to_string(request_size) + "\r\n\r\n" + bytes;
    } else if (body == Body::chunked) {
        out += "Transfer-Encoding: chunked\r\n\r\n" + chunked(bytes, id, trailers);
    } else {
        out += "\r\n";
    }
    return out;
}

std::string Plan::response() const {
    std::string out;
    if (interim) out = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const std::string mark = "X-Id: " + std::to_string(id) +
                             "\r\nConnection: keep-alive, X-Hop\r\n"
                             "X-Hop: secret\r\n";
    if (tunnel) {
        return "HTTP/1.1 101 Switching Protocols\r\nX-Id: " + std::to_string(id) +
               "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" +
               content(id + 1, response_size);
    }
    if (answer == Answer::no_content) return out + "HTTP/1.1 204 No Content\r\n" + mark + "\r\n";
    out += "HTTP/1.1 200 OK\r\n" + mark;
    const bool head = method == "HEAD";
    const std::string bytes = content(id + 1, response_size);
    if (answer == Answer::chunked) {
        out += "Transfer-Encoding: chunked\r\n\r\n";
        if (!head) out += chunked(bytes, id, trailers);
    } else if (answer == Answer::until_close) {
        out += "\r\n";
        if (!head) out += bytes;
    } else {
        out += "Content-Length: " + std::to_string(response_size) + "\r\n\r\n";
        if (!head) out += bytes;
    }
    return out;
}

int Message::status() const {
    int value = 0;
    if (start_line.size() >= 12)
        std::from_chars(start_line.data() + 9, start_line.data() + 12, value);
    return value;
}

namespace {

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
}

/// Visible bytes and blanks, none of them at an end.
bool is_value(std::string_view text) {
    if (text.empty()) return true;
    if (text.front() == ' ' || text.back() == ' ') return false;
    return std::ranges::all_of(text, [](char c) {
        return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    });
}

/// METHOD SP target SP HTTP/1.1, or HTTP/1.1 SP 3 digits SP phrase: nothing else may leave uvoy.
bool is_start_line(std::string_view line) {
    if (line.starts_with("HTTP/")) {
        return line.size() >= 13 && line.starts_with("HTTP/1.1 ") && line[12] == ' ' &&
               line.substr(9, 3).find_first_not_of("0123456789") == std::string_view::npos &&
               line[9] >= '1' && line[9] <= '5';
    }
    const std::size_t method = line.find(' ');
    if (method == std::string_view::npos || !is_token(line.substr(0, method))) return false;
    const std::size_t target = line.find(' ', method + 1);
    if (target == std::string_view::npos || target == method + 1) return false;
    const std::string_view text = line.substr(method + 1, target - method - 1);
    return line.substr(target) == " HTTP/1.1" && (text[0] == '/' || text == "*") &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

/// Field lines, each with its CRLF.
bool read_fields(std::string_view lines, Message &message) {
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = lines.find("\r\n", at);
        const std::string_view line = lines.substr(at, end - at);
        at = end + 2;
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
            !is_value(line.substr(colon + 2)))
            return false;
        std::string name{line.substr(0, colon)};
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        });
        const auto [field, is_new] = message.fields.try_emplace(std::move(name));
        if (!is_new) field->second += ",";
        field->second += line.substr(colon + 2);
    }
    return true;
}

/// `head` is without its empty line.
bool read_head(std::string_view head, Message &message) {
    const std::size_t line = head.find("\r\n") + 2;
    message.start_line = head.substr(0, line - 2);
    if (!is_start_line(message.start_line) || !read_fields(head.substr(line), message))
        return false;
    const auto &fields = message.fields;
    const auto length = fields.find("content-length");
    const auto coding = fields.find("transfer-encoding");
    if (length != fields.end() &&
        (coding != fields.end() || length->second.empty() || length->second.size() > 18 ||
         length->second.find_first_not_of("0123456789") != std::string::npos))
        return false;
    if (coding != fields.end() && coding->second != "chunked") return false;
    return message.start_line.starts_with("HTTP/") ||
           (fields.contains("host") && fields.at("host").find(',') == std::string::npos);
}

/// Length of the chunked body at `at`, or 0 while it is not whole.
std::size_t read_chunks(std::string_view bytes, std::size_t at, Message &message, bool &malformed) {
    for (;;) {
        const std::size_t line = bytes.find("\r\n", at);
        if (line == std::string_view::npos) {
            malformed = malformed || bytes.size() - at > 16;
            return 0;
        }
        std::size_t size = 0;
        const auto parsed = std::from_chars(bytes.data() + at, bytes.data() + line, size, 16);
        // uvoy writes its own chunk headers: without extensions.
        if (parsed.ec != std::errc{} || parsed.ptr != bytes.data() + line) malformed = true;
        if (malformed) return 0;
        at = line + 2;
        if (size == 0) break;
        if (bytes.size() < at + size + 2) return 0;
        message.body += bytes.substr(at, size);
        if (bytes.substr(at + size, 2) != "\r\n") malformed = true;
        at += size + 2;
    }
    if (bytes.substr(at, 2) == "\r\n") return at + 2;
    const std::size_t end = bytes.find("\r\n\r\n", at);
    if (end == std::string_view::npos) return 0;
    Message trailers;
    if (!read_fields(bytes.substr(at, end + 2 - at), trailers)) malformed = true;
    for (const char *name : {"content-length", "transfer-encoding", "host", "connection"})
        if (trailers.fields.contains(name)) malformed = true;
    return end + 4;
}

}  // namespace

std::optional<Message> take_message(std::string &bytes, bool bodiless, bool ended,
                                    bool &malformed) {
    const std::size_t head = bytes.find("\r\n\r\n");
    if (head == std::string::npos) return std::nullopt;
    Message message;
    if (!read_head(std::string_view{bytes}.substr(0, head + 2), message)) {
        malformed = true;
        return std::nullopt;
    }
    const std::size_t start = head + 4;
    std::size_t end = start;
    const bool response = message.start_line.starts_with("HTTP/1.1 ");
    const int status = response ? message.status() : 0;
    const bool none = bodiless || status == 204 || status == 304 || (status != 0 && status < 200);
    const bool has_length = message.fields.contains("content-length");
    if (none) {
        // The head is all there is.
    } else if (message.fields.contains("transfer-encoding")) {
        end = read_chunks(bytes, start, message, malformed);
        if (end == 0) return std::nullopt;
    } else if (has_length) {
        const std::size_t size = std::stoull(message.fields["content-length"]);
        if (bytes.size() < start + size) return std::nullopt;
        message.body = bytes.substr(start, size);
        end = start + size;
    } else if (response) {
        message.until_close = true;
        if (!ended) return std::nullopt;
        message.body = bytes.substr(start);
        end = bytes.size();
    }
    bytes.erase(0, end);
    return message;
}

}  // namespace uvoy::sim
