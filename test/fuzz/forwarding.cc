#include "forwarding.h"

#include "forwarded_body.h"
#include "proxy/rewrite.h"

namespace uvoy::fuzz {

namespace {

using http::FieldId;
using Form = http::Target::Form;

bool understand_host(Forwarding &out) {
    const http::Field *const host = out.head.fields.find(FieldId::host);
    if (out.head.fields.count(FieldId::host) > 1) return false;
    if (host == nullptr && out.head.version == http::Version::http11) return false;
    if (host != nullptr && !http::valid_host(host->value)) return false;
    if (out.target.form == Form::absolute) {
        const std::string_view port = out.target.secure ? "443" : "80";
        if (host != nullptr && !http::same_host(host->value, out.target.authority, port))
            return false;
        out.host = out.target.authority;
    } else {
        out.host = host != nullptr ? host->value : "app";
    }
    return true;
}

bool understand_path(Forwarding &out) {
    out.path = out.target.form == Form::asterisk ? "*" : out.target.path;
    if (out.path == "*") return true;
    std::string buffer;
    const auto path = http::normalize_path(out.target.path, out.rules, buffer);
    if (path) out.path = *path;
    return path.has_value();
}

}  // namespace

http::PathRules some_rules(std::string_view bytes) {
    const std::uint64_t bits = digest(bytes);
    return {.dot_segments = static_cast<http::PathRules::DotSegments>(bits % 3),
            .encoded_slashes = static_cast<http::PathRules::EncodedSlashes>((bits >> 8) % 3),
            .decode_unreserved = (bits >> 16) % 2 == 0,
            .keep_encoded_controls = (bits >> 24) % 2 == 0,
            .merge_slashes = (bits >> 32) % 2 == 0};
}

bool understand(const ReadMessage &message, const http::HeadLimits &limits, Forwarding &out) {
    check(http::parse_request(message.head, limits, out.head).has_value(), "parsed once only");
    const auto target = http::parse_target(out.head.method, out.head.target);
    if (!target || target->form == Form::authority) return false;
    out.target = *target;
    if (!understand_host(out) || !understand_path(out)) return false;
    const auto course = proxy::chart_course(out.head, message.framing, pseudonym);
    if (course) out.course = *course;
    return course && !course->ends_here();
}

std::string forward(const ReadMessage &message, const Forwarding &from) {
    TextBuffer head;
    proxy::append_request_head(head, from.head,
                               {.path = from.path,
                                .query = from.target.query,
                                .has_query = from.target.has_query,
                                .host = from.host,
                                .via = "other",
                                .peer = "192.0.2.1",
                                .chain = {},
                                .forwarded_proto = "http",
                                .forwarded_host = from.host,
                                .trusts_peer = false,
                                .request_id = "0123",
                                .upgrade = {},
                                .course = from.course,
                                .framing = message.framing});
    return std::string{head.view()} + forwarded_body(message, message.framing);
}

}  // namespace uvoy::fuzz
