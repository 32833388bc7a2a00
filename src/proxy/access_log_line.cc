#include "proxy/access_log_line.h"

#include "base/word.h"
#include "config/utf8.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

namespace uvoy::proxy {

namespace {

/// Appends to a span.  What does not fit is left out, and so is all that follows.
class Line {
public:
    explicit Line(std::span<char> out)
        : begin_{out.data()}, at_{out.data()}, end_{at_ + out.size()} {}

    /// 0 if anything was left out.
    std::size_t size() const { return whole_ ? static_cast<std::size_t>(at_ - begin_) : 0; }

    void raw(std::string_view bytes) {
        if (!fits(bytes.size())) return;
        // An absent text is null, which memcpy must not see.
        if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }

    template <std::size_t size>
    void literal(const char (&text)[size]) {
        if (!fits(size - 1)) return;
        std::memcpy(at_, text, size - 1);
        at_ += size - 1;
    }

    void number(std::uint64_t value) {
        constexpr std::size_t longest = 20;
        char digits[longest];
        const char *end = std::to_chars(digits, digits + longest, value).ptr;
        raw({digits, static_cast<std::size_t>(end - digits)});
    }

    /// With leading zeros.
    template <std::size_t width>
    void padded(std::uint64_t value) {
        char digits[width];
        for (std::size_t i = width; i > 0; value /= 10)
            digits[--i] = static_cast<char>('0' + value % 10);
        raw({digits, width});
    }

    /// A JSON string without its quotation marks.
    void text(std::string_view text);

private:
    bool fits(std::size_t size) {
        whole_ = whole_ && size <= static_cast<std::size_t>(end_ - at_);
        return whole_;
    }
    void escaped(unsigned char byte);

    char *begin_;
    char *at_;
    char *end_;
    bool whole_ = true;
};

bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/// How many bytes are plain from the beginning of `text`.
std::size_t plain_size(std::string_view text) {
    std::size_t size = 0;
    for (; text.size() - size >= word::size; size += word::size) {
        const word::Word bytes = word::load(text.data() + size);
        const word::Word others = word::below(bytes, ' ') | word::equal(bytes, 0x7f) |
                                  word::equal(bytes, '"') | word::equal(bytes, '\\') |
                                  (bytes & word::high);
        if (others != 0) return size + word::first(others);
    }
    while (size < text.size() && is_plain(static_cast<unsigned char>(text[size]))) ++size;
    return size;
}

void Line::escaped(unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (byte == '"') raw("\\\"");
    else if (byte == '\\') raw("\\\\");
    else {
        const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        raw({escape, sizeof escape});
    }
}

/// Bytes of a character that a terminal obeys or that changes how a line is shown: C1 controls,
/// line and paragraph separators, bidirectional overrides; 0 for any other.  `text` begins with
/// well-formed UTF-8.
std::size_t hidden_size(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (at(0) == 0xc2) return at(1) < 0xa0 ? 2 : 0;
    if (at(0) != 0xe2) return 0;
    const bool separator = at(1) == 0x80 && at(2) >= 0xa8 && at(2) <= 0xae;
    const bool isolate = at(1) == 0x81 && at(2) >= 0xa6 && at(2) <= 0xa9;
    return separator || isolate ? 3 : 0;
}

void Line::text(std::string_view text) {
    std::size_t well_formed = 0;  // up to here bytes beyond ASCII were looked at and are good
    std::size_t done = 0;
    for (std::size_t i = plain_size(text); i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (is_plain(byte)) continue;
        if (byte >= 0x80 && i >= well_formed)
            well_formed = i + std::min(config::find_invalid_utf8(text.substr(i)), text.size() - i);
        std::size_t size = 1;
        if (byte >= 0x80 && i < well_formed && (size = hidden_size(text.substr(i))) == 0) continue;
        raw(text.substr(done, i - done));
        for (const std::size_t end = i + size; i < end; ++i)
            escaped(static_cast<unsigned char>(text[i]));
        done = i--;
    }
    raw(text.substr(done));
}

/// Milliseconds since 1970 as RFC 3339, kept within the years that it can write.
void append_time(Line &line, std::int64_t unix_milliseconds) {
    using namespace std::chrono;
    constexpr sys_time<milliseconds> first = sys_days{year{0} / 1 / 1};
    constexpr sys_time<milliseconds> last = sys_days{year{9999} / 12 / 31} + (days{1} - 1ms);
    const auto time =
        std::clamp(sys_time<milliseconds>{milliseconds{unix_milliseconds}}, first, last);
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const auto in_day = static_cast<std::uint64_t>((time - day).count());
    line.padded<4>(static_cast<std::uint64_t>(static_cast<int>(date.year())));
    line.literal("-");
    line.padded<2>(static_cast<unsigned>(date.month()));
    line.literal("-");
    line.padded<2>(static_cast<unsigned>(date.day()));
    line.literal("T");
    line.padded<2>(in_day / 3'600'000);
    line.literal(":");
    line.padded<2>(in_day / 60'000 % 60);
    line.literal(":");
    line.padded<2>(in_day / 1000 % 60);
    line.literal(".");
    line.padded<3>(in_day % 1000);
    line.literal("Z");
}

/// `name` brings the punctuation around it.
template <std::size_t size>
void append_text(Line &line, const char (&name)[size], std::string_view value) {
    line.literal(name);
    line.literal("\"");
    line.text(value);
    line.literal("\"");
}

template <std::size_t size>
void append_number(Line &line, const char (&name)[size], std::uint64_t value) {
    line.literal(name);
    line.number(value);
}

template <std::size_t size>
void append_seconds(Line &line, const char (&name)[size], Duration value) {
    line.literal(name);
    if (value < Duration::zero()) return line.literal("null");
    const auto microseconds = static_cast<std::uint64_t>(value.count()) / 1000;
    line.number(microseconds / 1'000'000);
    line.literal(".");
    line.padded<6>(microseconds % 1'000'000);
}

}  // namespace

std::size_t format_json(const ExchangeRecord &record, std::span<char> out) {
    Line line{out};
    line.literal("{\"time\":\"");
    append_time(line, record.time);
    append_text(line, "\",\"request_id\":", record.request_id);
    append_text(line, ",\"trace_id\":", record.trace_id);
    append_text(line, ",\"listener\":", record.listener);
    append_text(line, ",\"client\":", record.client);
    append_text(line, ",\"protocol\":", record.protocol);
    append_text(line, ",\"method\":", record.method);
    append_text(line, ",\"host\":", record.host);
    append_text(line, ",\"path\":", record.path);
    append_number(line, ",\"status\":", static_cast<std::uint64_t>(std::max(record.status, 0)));
    append_text(line, ",\"reason\":", name(record.reason));
    append_text(line, ",\"route\":", record.route);
    append_text(line, ",\"cluster\":", record.cluster);
    append_text(line, ",\"backend\":", record.backend);
    append_number(line, ",\"attempts\":", record.attempts);
    append_number(line, ",\"received\":", record.received);
    append_number(line, ",\"sent\":", record.sent);
    append_seconds(line, ",\"duration\":", record.duration);
    append_seconds(line, ",\"wait\":", record.wait);
    append_seconds(line, ",\"connect\":", record.connect);
    append_seconds(line, ",\"first_byte\":", record.first_byte);
    append_text(line, ",\"user_agent\":", record.user_agent);
    append_text(line, ",\"referer\":", record.referer);
    line.literal("}\n");
    return line.size();
}

void append_access_log_line(std::string &line, const ExchangeRecord &record) {
    const std::size_t before = line.size();
    for (std::size_t room = 1024;; room *= 2) {
        line.resize(before + room);
        const std::size_t size = format_json(record, std::span{line}.subspan(before));
        line.resize(before + size);
        if (size > 0) return;
    }
}

}  // namespace uvoy::proxy
