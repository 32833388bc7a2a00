#include "strict_message.h"

#include <algorithm>
#include <utility>

namespace uvoy::fuzz {

namespace {

using Verdict = Taken::Verdict;
using Body = StrictMessage::Body;

struct Incomplete {};
struct Malformed {
    std::string why;
};

void require(bool holds, std::string why) {
    if (!holds) throw Malformed{std::move(why)};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
}

bool is_visible(char c) { return c >= 0x21 && c <= 0x7e; }

bool is_value(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    if (!text.empty() && (is_blank(text.front()) || is_blank(text.back()))) return false;
    return std::ranges::all_of(text, [&](char c) {
        return is_blank(c) || is_visible(c) || static_cast<unsigned char>(c) >= 0x80;
    });
}

std::string in_lower_case(std::string_view text) {
    std::string lower{text};
    for (char &c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return lower;
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}

    std::size_t at() const { return at_; }

    /// Without its CRLF.
    std::string_view line() {
        const std::size_t begin = at_;
        const std::size_t end = bytes_.find_first_of("\r\n", begin);
        if (end == std::string_view::npos) throw Incomplete{};
        require(bytes_[end] == '\r', "a bare LF");
        if (end + 1 == bytes_.size()) throw Incomplete{};
        require(bytes_[end + 1] == '\n', "a bare CR");
        at_ = end + 2;
        return bytes_.substr(begin, end - begin);
    }

    std::string_view take(std::size_t size) {
        if (bytes_.size() - at_ < size) throw Incomplete{};
        return bytes_.substr(std::exchange(at_, at_ + size), size);
    }

    std::string_view rest() { return bytes_.substr(std::exchange(at_, bytes_.size())); }

    std::vector<StrictMessage::Field> fields() {
        std::vector<StrictMessage::Field> fields;
        for (std::string_view text = line(); !text.empty(); text = line()) {
            const std::size_t colon = text.find(": ");
            require(colon != std::string_view::npos, "a field line without a colon");
            require(is_token(text.substr(0, colon)), "a field name that is no token");
            require(is_value(text.substr(colon + 2)), "a field value of forbidden bytes");
            fields.push_back(
                {in_lower_case(text.substr(0, colon)), std::string{text.substr(colon + 2)}});
        }
        return fields;
    }

    void chunks(StrictMessage &message) {
        for (;;) {
            const std::string_view text = line();
            require(!text.empty() && text.size() <= 16, "a chunk size of a wrong length");
            std::size_t size = 0;
            for (const char c : text) {
                const bool letter = c >= 'a' && c <= 'f';
                require(is_digit(c) || letter, "a chunk size that is no number");
                size = size * 16 + static_cast<std::size_t>(letter ? c - 'a' + 10 : c - '0');
            }
            if (size == 0) break;
            message.body += take(size);
            require(line().empty(), "a chunk longer than it says");
        }
        message.trailers = fields();
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

/// What delimits the body, by the fields; none if there are no such fields.
Body framing_of(const StrictMessage &message) {
    const std::size_t lengths = message.count("content-length");
    const std::size_t codings = message.count("transfer-encoding");
    require(lengths <= 1 && codings <= 1, "a repeated framing field");
    require(lengths == 0 || codings == 0, "both framing fields");
    if (codings == 1) {
        require(message.value("transfer-encoding") == "chunked", "a coding that is not chunked");
        return Body::chunked;
    }
    return lengths == 1 ? Body::sized : Body::none;
}

std::size_t length_of(const StrictMessage &message) {
    const std::string text = message.value("content-length");
    require(!text.empty() && text.size() <= 19 && std::ranges::all_of(text, is_digit),
            "a Content-Length that is no number");
    return std::stoull(text);
}

void check_hop_by_hop(const StrictMessage &message) {
    for (const char *name : {"keep-alive", "proxy-connection", "te", "http2-settings"})
        require(message.count(name) == 0, std::string{"the hop-by-hop field "} + name);
    require(message.count("connection") <= 1, "a repeated Connection");
    require((message.count("upgrade") == 1) ==
                (in_lower_case(message.value("connection")) == "upgrade"),
            "Upgrade without Connection, or the other way around");
}

void read_body(Reader &reader, StrictMessage &message) {
    if (message.framing == Body::sized) message.body = reader.take(length_of(message));
    if (message.framing == Body::chunked) reader.chunks(message);
    for (const auto &trailer : message.trailers)
        for (const char *name : {"content-length", "transfer-encoding", "host", "connection"})
            require(trailer.name != name, "a trailer that may not be one");
}

void read_request(Reader &reader, StrictMessage &message) {
    message.start_line = reader.line();
    const std::string_view line{message.start_line};
    const std::size_t method = line.find(' ');
    require(is_token(line.substr(0, method)), "a method that is no token");
    require(line.ends_with(" HTTP/1.1") && line.size() > method + 10, "a wrong version");
    require(std::ranges::all_of(message.target(), is_visible), "a target of forbidden bytes");
    message.fields = reader.fields();
    check_hop_by_hop(message);
    // To whoever takes "_" for "-" (CGI), these are framing, routing and identity.
    for (const char *name : {"content_length", "transfer_encoding", "x_forwarded_for"})
        require(message.count(name) == 0, std::string{"the look-alike "} + name);
    for (const char *name : {"host", "x-forwarded-for", "x-request-id"})
        require(message.count(name) == 1 && !message.value(name).empty(),
                std::string{"not exactly one "} + name);
    message.framing = framing_of(message);
    read_body(reader, message);
}

void read_response(Reader &reader, StrictMessage &message, bool to_head, bool ended) {
    message.start_line = reader.line();
    const std::string_view line{message.start_line};
    require(line.size() >= 13 && line.starts_with("HTTP/1.1 ") && line[12] == ' ', "a status line");
    require(std::ranges::all_of(line.substr(9, 3), is_digit), "a status that is no number");
    message.fields = reader.fields();
    require(message.count("upgrade") == 0 || message.status() == 101 || message.status() == 426,
            "an upgrade that was not asked for");
    for (const char *name : {"keep-alive", "proxy-connection", "te", "http2-settings"})
        require(message.count(name) == 0, std::string{"the hop-by-hop field "} + name);
    message.framing = framing_of(message);
    const int status = message.status();
    if (status < 200 || status == 204) {
        require(message.framing == Body::none, "a body where there can be none");
    } else if (to_head || status == 304) {
        message.framing = Body::none;
    } else if (message.framing == Body::none) {
        message.framing = Body::until_close;
        if (!ended) throw Incomplete{};
        message.body = reader.rest();
    } else {
        read_body(reader, message);
    }
}

template <typename Read>
Taken take(std::string_view bytes, Read &&read) {
    Taken taken;
    Reader reader{bytes};
    try {
        read(reader, taken.message);
        taken.verdict = Verdict::whole;
        taken.size = reader.at();
    } catch (const Incomplete &) {
        taken.verdict = Verdict::incomplete;
    } catch (const Malformed &malformed) {
        taken.verdict = Verdict::malformed;
        taken.why = malformed.why;
    }
    return taken;
}

}  // namespace

std::size_t StrictMessage::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fields, [&](const Field &field) { return field.name == name; }));
}

std::string StrictMessage::value(std::string_view name) const {
    const auto field = std::ranges::find(fields, name, &Field::name);
    return field == fields.end() ? std::string{} : field->value;
}

std::string StrictMessage::target() const {
    const std::size_t begin = start_line.find(' ') + 1;
    return start_line.substr(begin, start_line.rfind(' ') - begin);
}

int StrictMessage::status() const { return std::stoi(start_line.substr(9, 3)); }

Taken take_request(std::string_view bytes) {
    return take(bytes, [](Reader &reader, StrictMessage &out) { read_request(reader, out); });
}

Taken take_response(std::string_view bytes, bool to_head, bool ended) {
    return take(bytes, [&](Reader &reader, StrictMessage &out) {
        read_response(reader, out, to_head, ended);
    });
}

}  // namespace uvoy::fuzz
