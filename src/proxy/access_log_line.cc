#include "proxy/access_log_line.h"

#include "config/utf8.h"
#include "proxy/failure.h"
#include "proxy/line.h"

#include <algorithm>

namespace uvoy::proxy {

namespace {

using line::is_plain;
using line::Line;
using line::longest_number;

template <typename Line>
void append_escaped(Line &line, unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (byte == '"') line.literal("\\\"");
    else if (byte == '\\') line.literal("\\\\");
    else {
        const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        line.raw({escape, sizeof escape});
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

/// Out of the way of what is usual.
template <typename Line>
[[gnu::noinline, gnu::cold]] void append_escaping(Line &line, std::string_view text) {
    std::size_t well_formed = 0;  // up to here bytes beyond ASCII were looked at and are good
    std::size_t done = 0;
    for (std::size_t i = line::plain_size(text); i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (is_plain(byte)) continue;
        if (byte >= 0x80 && i >= well_formed)
            well_formed = i + std::min(config::find_invalid_utf8(text.substr(i)), text.size() - i);
        std::size_t size = 1;
        if (byte >= 0x80 && i < well_formed) {
            size = hidden_size(text.substr(i));
            if (size == 0) continue;
        }
        line.raw(text.substr(done, i - done));
        for (const std::size_t end = i + size; i < end; ++i)
            append_escaped(line, static_cast<unsigned char>(text[i]));
        done = i--;
    }
    line.raw(text.substr(done));
}

/// `name` brings the punctuation around it.  The text is our own, or was looked at: an id, a name.
template <typename Line, std::size_t size>
void append_safe(Line &line, const char (&name)[size], std::string_view value) {
    line.literal(name);
    line.literal("\"");
    line.raw(value);
    line.literal("\"");
}

/// Of a text that may be anything.
template <typename Line, std::size_t size>
void append_text(Line &line, const char (&name)[size], std::string_view value) {
    line.literal(name);
    line.literal("\"");
    if (!line.plain(value)) append_escaping(line, value);
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
    line.seconds(value, "null");
}

template <typename Line>
std::size_t format(const ExchangeRecord &record, Line line) {
    line.literal("{\"time\":\"");
    line::append_time(line, record.time);
    append_safe(line, "\",\"request_id\":", record.request_id);
    append_safe(line, ",\"trace_id\":", record.trace_id);
    append_safe(line, ",\"listener\":", record.listener);
    append_text(line, ",\"client\":", record.client);
    append_safe(line, ",\"protocol\":", record.protocol);
    append_text(line, ",\"method\":", record.method);
    append_text(line, ",\"host\":", record.host);
    append_text(line, ",\"path\":", record.path);
    append_number(line, ",\"status\":", static_cast<std::uint64_t>(std::max(record.status, 0)));
    append_safe(line, ",\"reason\":", name(record.reason));
    append_safe(line, ",\"route\":", record.route);
    append_safe(line, ",\"cluster\":", record.cluster);
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

bool is_error(const ExchangeRecord &record) {
    if (record.status >= 500) return true;
    return record.reason != Reason::none &&
           make_failure(record.reason, Phase::response_body).status >= 500;
}

std::size_t format_json(const ExchangeRecord &record, std::span<char> out) {
    if (most(record) <= out.size()) return format(record, Line<true>{out});
    return format(record, Line<false>{out});
}

}  // namespace uvoy::proxy
