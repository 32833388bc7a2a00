#include "proxy/access_log_line.h"

#include "base/word.h"
#include "config/utf8.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

namespace uvoy::proxy {

namespace {

constexpr std::size_t longest_number = 20;

/// Copies up to 16 bytes without a call, more with one.
void copy(char *to, std::string_view from) {
    const auto both_ends = [&]<typename Piece>(Piece) {
        Piece first{};
        Piece last{};
        std::memcpy(&first, from.data(), sizeof first);
        std::memcpy(&last, from.data() + from.size() - sizeof last, sizeof last);
        std::memcpy(to, &first, sizeof first);
        std::memcpy(to + from.size() - sizeof last, &last, sizeof last);
    };
    if (from.size() > 16) std::memcpy(to, from.data(), from.size());
    else if (from.size() >= 8) both_ends(std::uint64_t{});
    else if (from.size() >= 4) both_ends(std::uint32_t{});
    else if (from.size() >= 2) both_ends(std::uint16_t{});
    else if (from.size() == 1) *to = from.front();
}

/// Appends to a span.  What does not fit is left out, and so is all that follows; with `fits_all`
/// it is known to fit.
template <bool fits_all>
class Line {
public:
    explicit Line(std::span<char> out)
        : begin_{out.data()}, at_{out.data()}, end_{at_ + out.size()} {}

    /// 0 if anything was left out.
    std::size_t size() const { return whole_ ? static_cast<std::size_t>(at_ - begin_) : 0; }

    void raw(std::string_view bytes) {
        if (!fits(bytes.size())) return;
        copy(at_, bytes);
        at_ += bytes.size();
    }

    template <std::size_t size>
    void literal(const char (&text)[size]) {
        if (!fits(size - 1)) return;
        std::memcpy(at_, text, size - 1);
        at_ += size - 1;
    }

    void number(std::uint64_t value) {
        char digits[longest_number];
        char *const out = fits_all ? at_ : digits;
        const char *end = std::to_chars(out, out + longest_number, value).ptr;
        const auto size = static_cast<std::size_t>(end - out);
        if constexpr (fits_all) at_ += size;
        else raw({digits, size});
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
        if constexpr (fits_all) return true;
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

/// Marks what is not plain.
word::Word others_of(word::Word bytes) {
    return word::below(bytes, ' ') | word::equal(bytes, 0x7f) | word::equal(bytes, '"') |
           word::equal(bytes, '\\') | (bytes & word::high);
}

/// Whether all are plain.  No bound of others_of() has to hold for each byte: a borrow or carry
/// comes from one that is not plain.
bool is_plain(word::Word bytes) {
    using word::ones;
    const word::Word quoted = (bytes ^ (ones * '"')) - ones;
    const word::Word escaping = (bytes ^ (ones * '\\')) - ones;
    return (((bytes - ones * ' ') | (bytes + ones) | quoted | escaping | bytes) & word::high) == 0;
}

bool is_plain(std::string_view text) {
    if (text.size() < word::size) {
        char padded[word::size];
        std::memset(padded, ' ', sizeof padded);
        copy(padded, text);
        return is_plain(word::load(padded));
    }
    const std::size_t last = text.size() - word::size;
    for (std::size_t i = 0; i < last; i += word::size)
        if (!is_plain(word::load(text.data() + i))) return false;
    return is_plain(word::load(text.data() + last));
}

/// How many bytes are plain from the beginning of `text`.
std::size_t plain_size(std::string_view text) {
    std::size_t size = 0;
    for (; text.size() - size >= word::size; size += word::size) {
        const word::Word others = others_of(word::load(text.data() + size));
        if (others != 0) return size + word::first(others);
    }
    while (size < text.size() && is_plain(static_cast<unsigned char>(text[size]))) ++size;
    return size;
}

template <bool fits_all>
void Line<fits_all>::escaped(unsigned char byte) {
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

template <bool fits_all>
void Line<fits_all>::text(std::string_view text) {
    if (is_plain(text)) return raw(text);
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
template <typename Line>
void append_time(Line &line, std::int64_t unix_milliseconds) {
    using namespace std::chrono;
    constexpr sys_time<milliseconds> first = sys_days{year{0} / 1 / 1};
    constexpr sys_time<milliseconds> last = sys_days{year{9999} / 12 / 31} + (days{1} - 1ms);
    const auto time =
        std::clamp(sys_time<milliseconds>{milliseconds{unix_milliseconds}}, first, last);
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const auto in_day = static_cast<std::uint64_t>((time - day).count());
    line.template padded<4>(static_cast<std::uint64_t>(static_cast<int>(date.year())));
    line.literal("-");
    line.template padded<2>(static_cast<unsigned>(date.month()));
    line.literal("-");
    line.template padded<2>(static_cast<unsigned>(date.day()));
    line.literal("T");
    line.template padded<2>(in_day / 3'600'000);
    line.literal(":");
    line.template padded<2>(in_day / 60'000 % 60);
    line.literal(":");
    line.template padded<2>(in_day / 1000 % 60);
    line.literal(".");
    line.template padded<3>(in_day % 1000);
    line.literal("Z");
}

/// `name` brings the punctuation around it.
template <typename Line, std::size_t size>
void append_text(Line &line, const char (&name)[size], std::string_view value) {
    line.literal(name);
    line.literal("\"");
    line.text(value);
    line.literal("\"");
}

template <typename Line, std::size_t size>
void append_number(Line &line, const char (&name)[size], std::uint64_t value) {
    line.literal(name);
    line.number(value);
}

template <typename Line, std::size_t size>
void append_seconds(Line &line, const char (&name)[size], Duration value) {
    line.literal(name);
    if (value < Duration::zero()) return line.literal("null");
    const auto microseconds = static_cast<std::uint64_t>(value.count()) / 1000;
    line.number(microseconds / 1'000'000);
    line.literal(".");
    line.template padded<6>(microseconds % 1'000'000);
}

template <typename Line>
std::size_t format(const ExchangeRecord &record, Line line) {
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

/// The longest line that the record can make.
std::size_t most(const ExchangeRecord &record) {
    constexpr std::size_t fixed = 400;  // names and punctuation
    constexpr std::size_t numbers = 12 * (longest_number + 7);
    constexpr std::size_t longest_escape = 6;
    const std::size_t texts = record.request_id.size() + record.trace_id.size() +
                              record.listener.size() + record.client.size() +
                              record.protocol.size() + record.method.size() + record.host.size() +
                              record.path.size() + name(record.reason).size() +
                              record.route.size() + record.cluster.size() + record.backend.size() +
                              record.user_agent.size() + record.referer.size();
    return fixed + numbers + longest_escape * texts;
}

}  // namespace

std::size_t format_json(const ExchangeRecord &record, std::span<char> out) {
    if (most(record) <= out.size()) return format(record, Line<true>{out});
    return format(record, Line<false>{out});
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
