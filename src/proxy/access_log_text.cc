#include "proxy/access_log_text.h"

#include "proxy/line.h"

#include <algorithm>
#include <array>

namespace uvoy::proxy {

namespace {

using Field = config::LogField;
using Line = line::Line<false>;

void append_text(Line &out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    while (!text.empty()) {
        const std::size_t plain = line::plain_size(text);
        out.raw(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        const auto byte = static_cast<unsigned char>(text.front());
        const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        out.raw({escape, sizeof escape});
        text.remove_prefix(1);
    }
}

void append_text_or_dash(Line &out, std::string_view text) {
    if (text.empty()) out.literal("-");
    else append_text(out, text);
}

/// As Apache writes it: 10/Oct/2000:13:55:36 +0000.
void append_common_time(Line &out, std::int64_t unix_milliseconds) {
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const line::Calendar time = line::calendar(unix_milliseconds);
    out.padded<2>(time.day);
    out.literal("/");
    out.raw(months[time.month - 1]);
    out.literal("/");
    out.padded<4>(time.year);
    out.literal(":");
    out.padded<2>(time.hours);
    out.literal(":");
    out.padded<2>(time.minutes);
    out.literal(":");
    out.padded<2>(time.seconds);
    out.literal(" +0000");
}

/// The line that the client sent; a dash if it was none.
void append_request(Line &out, const ExchangeRecord &record) {
    if (record.path.empty()) return out.literal("-");
    append_text(out, record.method);
    out.literal(" ");
    append_text(out, record.path);
    if (!record.query.empty()) {
        out.literal("?");
        append_text(out, record.query);
    }
    out.literal(" ");
    append_text(out, record.protocol);
}

std::string_view text_of(const ExchangeRecord &record, Field field) {
    switch (field) {
        case Field::request_id:
            return record.request_id;
        case Field::trace_id:
            return record.trace_id;
        case Field::listener:
            return record.listener;
        case Field::client:
            return record.client;
        case Field::protocol:
            return record.protocol;
        case Field::method:
            return record.method;
        case Field::host:
            return record.host;
        case Field::path:
            return record.path;
        case Field::reason:
            return name(record.reason);
        case Field::route:
            return record.route;
        case Field::cluster:
            return record.cluster;
        case Field::backend:
            return record.backend;
        case Field::user_agent:
            return record.user_agent;
        case Field::referer:
            return record.referer;
        case Field::query:
            return record.query;
        default:
            return {};
    }
}

void append(Line &out, const ExchangeRecord &record, Field field) {
    switch (field) {
        case Field::time:
            return line::append_time(out, record.time);
        case Field::status:
            return out.padded<3>(static_cast<std::uint64_t>(std::max(record.status, 0)));
        case Field::attempts:
            return out.number(record.attempts);
        case Field::received:
            return out.number(record.received);
        case Field::sent:
            return out.number(record.sent);
        case Field::duration:
            return out.seconds(record.duration, "-");
        case Field::wait:
            return out.seconds(record.wait, "-");
        case Field::connect:
            return out.seconds(record.connect, "-");
        case Field::first_byte:
            return out.seconds(record.first_byte, "-");
        case Field::common_time:
            return append_common_time(out, record.time);
        case Field::request:
            return append_request(out, record);
        case Field::body_sent:
            return out.number(record.body_sent);
        default:
            return append_text_or_dash(out, text_of(record, field));
    }
}

}  // namespace

std::size_t format_text(const ExchangeRecord &record, const config::LogFormat &format,
                        std::span<char> out) {
    Line line{out};
    for (const config::LogPart &part : format.parts) {
        line.raw(part.text);
        if (part.field) append(line, record, *part.field);
    }
    line.literal("\n");
    return line.size();
}

void append_access_log_line(std::string &line, const ExchangeRecord &record,
                            const config::LogFormat &format) {
    const std::size_t before = line.size();
    for (std::size_t room = 1024;; room *= 2) {
        line.resize(before + room);
        const auto out = std::span{line}.subspan(before);
        const std::size_t size =
            format.is_json() ? format_json(record, out) : format_text(record, format, out);
        line.resize(before + size);
        if (size > 0) return;
    }
}

}  // namespace uvoy::proxy
