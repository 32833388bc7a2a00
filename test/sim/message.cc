#include "message.h"

#include "base/random.h"

#include <algorithm>
#include <charconv>

namespace uvoy::sim {

namespace {

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

std::string content(std::uint64_t id, std::size_t size) {
    std::string bytes(size, '\0');
    const std::uint64_t start = mix(id);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>('!' + (start + i * 7 + i / 251) % 90);
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

bool read_head(std::string_view head, Message &message) {
    std::size_t at = head.find("\r\n");
    message.start_line = head.substr(0, at);
    for (at += 2; at < head.size();) {
        const std::size_t end = std::min(head.find("\r\n", at), head.size());
        const std::string_view line = head.substr(at, end - at);
        at = end + 2;
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) return false;
        std::string name{line.substr(0, colon)};
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        });
        std::string &value = message.fields[name];
        if (!value.empty()) value += ",";
        value += line.substr(colon + 2);
    }
    return true;
}

/// Length of the chunked body at `at`, or 0 while it is not whole.
std::size_t read_chunks(std::string_view bytes, std::size_t at, std::string &body,
                        bool &malformed) {
    for (;;) {
        const std::size_t line = bytes.find("\r\n", at);
        if (line == std::string_view::npos) return 0;
        std::size_t size = 0;
        const auto parsed = std::from_chars(bytes.data() + at, bytes.data() + line, size, 16);
        if (parsed.ec != std::errc{}) malformed = true;
        if (malformed) return 0;
        at = line + 2;
        if (size == 0) break;
        if (bytes.size() < at + size + 2) return 0;
        body += bytes.substr(at, size);
        if (bytes.substr(at + size, 2) != "\r\n") malformed = true;
        at += size + 2;
    }
    for (;;) {
        const std::size_t line = bytes.find("\r\n", at);
        if (line == std::string_view::npos) return 0;
        if (line == at) return line + 2;
        at = line + 2;
    }
}

}  // namespace

std::optional<Message> take_message(std::string &bytes, bool bodiless, bool ended,
                                    bool &malformed) {
    const std::size_t head = bytes.find("\r\n\r\n");
    if (head == std::string::npos) return std::nullopt;
    Message message;
    if (!read_head(std::string_view{bytes}.substr(0, head), message)) malformed = true;
    const std::size_t start = head + 4;
    std::size_t end = start;
    const bool response = message.start_line.starts_with("HTTP/1.1 ");
    const int status = response ? message.status() : 0;
    const bool none = bodiless || status == 204 || status == 304 || (status != 0 && status < 200);
    const bool has_length = message.fields.contains("content-length");
    if (none) {
        // The head is all there is.
    } else if (message.fields.contains("transfer-encoding")) {
        if (has_length) malformed = true;
        end = read_chunks(bytes, start, message.body, malformed);
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
