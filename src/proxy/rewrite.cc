#include "proxy/rewrite.h"

#include "base/few.h"

#include <algorithm>
#include <array>

namespace uvoy::proxy {

namespace {

using http::FieldId;

/// Appends fields as they came; whole lines that lie one behind the other go in one piece.
class LineCopier {
public:
    explicit LineCopier(TextWriter &out) : out_{out} {}
    LineCopier(const LineCopier &) = delete;
    LineCopier &operator=(const LineCopier &) = delete;

    void add(const http::Field &field) {
        if (field.plain) {
            add_line(field.name.data(), field.value.data() + field.value.size());
            return;
        }
        flush();
        out_.field(field.name, field.value);
    }
    /// A line from begin..end, with CRLF behind it.
    void add_line(const char *begin, const char *end) {
        if (begin != end_) {
            flush();
            begin_ = begin;
        }
        end_ = end + line_end.size();
    }
    /// To be called before anything else is appended.
    void flush() {
        if (begin_ != end_) out_.add(std::string_view{begin_, end_});
        begin_ = end_ = nullptr;
    }

private:
    static constexpr std::string_view line_end = "\r\n";

    TextWriter &out_;
    const char *begin_ = nullptr;
    const char *end_ = nullptr;
};

// Zeros without end are a number to us, and an overflow to some.
std::string_view without_leading_zeros(std::string_view digits) {
    const std::size_t first = digits.find_first_not_of('0');
    return digits.substr(std::min(first, digits.empty() ? 0 : digits.size() - 1));
}

/// Fields without an id of which routing or security may depend at an endpoint.  A sender must not
/// nominate what is meant for the recipient of the content (RFC 9110 section 7.6.1).
bool is_protected(std::string_view name) {
    static constexpr std::array<std::string_view, 4> prefixes{"access-control-", "content-", "if-",
                                                              "sec-"};
    static constexpr std::array<std::string_view, 7> names{
        "authorization", "cache-control", "location",        "origin",
        "range",         "set-cookie",    "www-authenticate"};
    const auto is_name = [name](std::string_view other) {
        return http::equals_ignoring_case(name, other);
    };
    const auto is_prefix = [name](std::string_view prefix) {
        return http::equals_ignoring_case(name.substr(0, prefix.size()), prefix);
    };
    return std::ranges::any_of(names, is_name) || std::ranges::any_of(prefixes, is_prefix);
}

/// Names that Connection nominates beside those that are hop-by-hop anyway.
class Nominated {
public:
    explicit Nominated(const http::Fields &fields) {
        if (!fields.has(FieldId::connection)) return;
        for (const http::Field &field : fields) {
            if (field.id != FieldId::connection) continue;
            if (field.value == "keep-alive" || field.value == "close") continue;  // what most say
            http::for_each_element(field.value, [this](std::string_view name) { add(name); });
        }
    }

    bool contains(const http::Field &field) const {
        // Fields with an id are judged by it: nobody may nominate Host away.
        if (field.id != FieldId::other || names_.empty()) return false;
        for (const std::string_view name : names_.view())
            if (http::equals_ignoring_case(name, field.name)) return true;
        return overflow_ && !is_protected(field.name);
    }

private:
    void add(std::string_view name) {
        if (http::field_id(name) != FieldId::other || is_protected(name) ||
            http::equals_ignoring_case(name, "close"))
            return;
        for (const std::string_view other : names_.view())
            if (http::equals_ignoring_case(other, name)) return;
        // More than fit: every field that may be nominated is suspect, and none is forwarded.
        if (names_.room() == 0) overflow_ = true;
        else names_.push_back(name);
    }

    Few<std::string_view, 16> names_;
    bool overflow_ = false;
};

bool is_hop_by_hop(FieldId id) {
    switch (id) {
        case FieldId::connection:
        case FieldId::http2_settings:
        case FieldId::keep_alive:
        case FieldId::proxy_connection:
        case FieldId::te:
        case FieldId::transfer_encoding:
        case FieldId::upgrade:
            return true;
        default:
            return false;
    }
}

/// Replaced by our own words in a forwarded request.
bool is_replaced_in_request(FieldId id, const RequestRewrite &rewrite) {
    switch (id) {
        case FieldId::x_forwarded_other:
        case FieldId::x_real_ip:
            return !rewrite.trusts_peer;
        case FieldId::traceparent:
        case FieldId::tracestate:
            return !rewrite.traceparent.empty();
        case FieldId::max_forwards:
            return rewrite.course.max_forwards.has_value();
        case FieldId::content_length:
        case FieldId::expect:
        case FieldId::forwarded:
        case FieldId::host:
        case FieldId::lookalike:
        case FieldId::proxy_authorization:
        case FieldId::x_forwarded_for:
        case FieldId::x_forwarded_host:
        case FieldId::x_forwarded_proto:
        case FieldId::x_request_id:
        case FieldId::x_uvoy_attempt:
            return true;
        default:
            return is_hop_by_hop(id);
    }
}

void append_framing(TextWriter &out, const http::Framing &framing) {
    if (framing.kind == http::Framing::Kind::chunked) {
        out.add("Transfer-Encoding: chunked\r\n");
    } else if (framing.kind == http::Framing::Kind::sized) {
        out.add("Content-Length: ").number(framing.length).add("\r\n");
    }
}

void append_via(TextWriter &out, http::Version version, std::string_view pseudonym) {
    if (version == http::Version::http10) out.add("Via: 1.0 ");
    else out.add("Via: 1.1 ");
    out.add(pseudonym).add("\r\n");
}

void append_upgrade(TextWriter &out, std::string_view protocol) {
    out.add("Connection: Upgrade\r\nUpgrade: ").add(protocol).add("\r\n");
}

}  // namespace

void append_request_head(TextBuffer &to, const http::RequestHead &head,
                         const RequestRewrite &rewrite) {
    TextWriter out{to};
    out.add(head.method_text).add(" ").add(rewrite.path);
    if (rewrite.has_query) out.add("?").add(rewrite.query);
    out.add(" HTTP/1.1\r\nHost: ").add(rewrite.host).add("\r\n");
    const Nominated nominated{head.fields};
    LineCopier lines{out};
    for (const http::Field &field : head.fields)
        if (!is_replaced_in_request(field.id, rewrite) && !nominated.contains(field))
            lines.add(field);
    lines.flush();
    // "Content-Length: 0" is not the same as silence for a POST (RFC 9110 section 8.6).
    if (rewrite.framing.kind == http::Framing::Kind::none &&
        head.fields.has(FieldId::content_length))
        out.add("Content-Length: 0\r\n");
    append_framing(out, rewrite.framing);
    if (rewrite.course.expects_continue) out.add("Expect: 100-continue\r\n");
    if (rewrite.course.max_forwards)
        out.add("Max-Forwards: ").number(*rewrite.course.max_forwards - 1).add("\r\n");
    append_via(out, head.version, rewrite.via);
    out.add("X-Forwarded-For: ");
    if (!rewrite.chain.empty()) out.add(rewrite.chain).add(", ");
    out.add(rewrite.peer);
    out.add("\r\nX-Forwarded-Proto: ").add(rewrite.forwarded_proto);
    out.add("\r\nX-Forwarded-Host: ").add(rewrite.forwarded_host);
    out.add("\r\nX-Request-Id: ").add(rewrite.request_id).add("\r\n");
    if (!rewrite.traceparent.empty()) out.add("traceparent: ").add(rewrite.traceparent).add("\r\n");
    if (!rewrite.upgrade.empty()) append_upgrade(out, rewrite.upgrade);
    out.add("\r\n");
}

void append_response_head(TextBuffer &to, const http::ResponseHead &head,
                          const ResponseRewrite &rewrite) {
    TextWriter out{to};
    out.add("HTTP/1.1 ");
    LineCopier lines{out};
    if (head.status_text.empty()) {
        out.number(static_cast<std::uint64_t>(head.status)).add(" \r\n");
    } else {
        lines.add_line(head.status_text.data(), head.status_text.data() + head.status_text.size());
    }
    const bool informational = head.status < 200;
    // The length stays if it is that of the body, or says what a body would have had (HEAD, 304).
    const bool tells_framing = rewrite.framing.kind == http::Framing::Kind::sized &&
                               head.fields.has(FieldId::content_length);
    const bool keeps_length = tells_framing || (rewrite.framing.kind == http::Framing::Kind::none &&
                                                !informational && head.status != 204);
    const Nominated nominated{head.fields};
    for (const http::Field &field : head.fields) {
        if (is_hop_by_hop(field.id) || nominated.contains(field)) continue;
        if (field.id != FieldId::content_length) {
            lines.add(field);
        } else if (keeps_length) {
            http::Field length = field;
            length.value = without_leading_zeros(field.value);
            length.plain = field.plain && length.value.size() == field.value.size();
            lines.add(length);
        }
    }
    lines.flush();
    if (!tells_framing) append_framing(out, rewrite.framing);
    if (!informational && !rewrite.date.empty() && !head.fields.has(FieldId::date))
        out.field("Date", rewrite.date);
    if (!rewrite.set_cookie.empty()) out.field("Set-Cookie", rewrite.set_cookie);
    append_via(out, head.version, rewrite.via);
    if (!rewrite.upgrade.empty()) append_upgrade(out, rewrite.upgrade);
    else if (rewrite.persistence == Persistence::close) out.add("Connection: close\r\n");
    else if (rewrite.persistence == Persistence::keep_alive) out.add("Connection: keep-alive\r\n");
    out.add("\r\n");
}

void append_trailers(std::string &to, const http::Fields &trailers) {
    for (const http::Field &field : trailers)
        to.append(field.name).append(": ").append(field.value).append("\r\n");
    to += "\r\n";
}

}  // namespace uvoy::proxy
