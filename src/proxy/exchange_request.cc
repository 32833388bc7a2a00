#include "base/hex.h"
#include "http/path.h"
#include "http/target.h"
#include "proxy/exchange.h"
#include "proxy/proxy.h"
#include "proxy/trace_context.h"

#include <algorithm>
#include <array>
#include <string>

// What the head of a request says, and whether it may be said.
namespace uvoy::proxy {

namespace {

using Text = Journal::Text;
using Form = http::Target::Form;

constexpr int bad_request = 400;
constexpr int not_implemented = 501;

/// A client's own id is kept if it cannot do harm in a log or in a header.
bool is_good_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=';
    });
}

/// Of the first field of that id; empty: there is none.
std::string_view value_of(const http::Fields &fields, http::FieldId id) {
    const http::Field *const field = fields.find(id);
    return field == nullptr ? std::string_view{} : field->value;
}

Failure refusal(int status) {
    Failure failure = make_failure(Reason::bad_request, Phase::request_head);
    failure.status = status;
    return failure;
}

/// What TRACE sends back (RFC 9110 section 9.3.8): all but what a script must not get to see.
std::string echo(const http::RequestHead &head) {
    std::string text;
    text.append(head.method_text).append(" ").append(head.target);
    text += head.version == http::Version::http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
    for (const http::Field &field : head.fields) {
        if (field.id == http::FieldId::cookie || field.id == http::FieldId::proxy_authorization ||
            http::equals_ignoring_case(field.name, "authorization"))
            continue;
        text.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    return text += "\r\n";
}

}  // namespace

std::optional<Exchange::Incoming> Exchange::read(const http::RequestHead &head, TimePoint now) {
    const auto framing = http::request_framing(head);
    if (!framing) {
        const bool unknown = framing.error() == http::FramingError::unknown_coding;
        refuse(refusal(unknown ? not_implemented : bad_request), false, now);
        return std::nullopt;
    }
    request_framing_ = *framing;
    body_ = http::BodyDecoder{request_framing_};
    request_over_ = request_complete_ = body_.done();
    auto request = read_target(head);
    if (!request) {
        refuse(refusal(request.error()), false, now);
        return std::nullopt;
    }
    note(*request);
    const auto course = chart_course(head, request_framing_, proxy_.runtime().pseudonym());
    if (!course) {
        refuse(course.error(), false, now);
        return std::nullopt;
    }
    course_ = *course;
    return *request;
}

Result<Exchange::Incoming, int> Exchange::read_target(const http::RequestHead &head) {
    const auto target = http::parse_target(head.method, head.target);
    if (!target) return Unexpected{bad_request};
    const http::Field *host = head.fields.find(http::FieldId::host);
    // RFC 9112 section 3.2: exactly one, but HTTP/1.0 may do without.
    if (head.fields.count(http::FieldId::host) > 1) return Unexpected{bad_request};
    if (host == nullptr && head.version == http::Version::http11) return Unexpected{bad_request};
    if (host != nullptr && !http::valid_host(host->value)) return Unexpected{bad_request};
    // CONNECT is for forward proxies.
    if (target->form == Form::authority) return Unexpected{not_implemented};
    Incoming request{.head = head,
                     .target = *target,
                     .authority = host != nullptr ? host->value : std::string_view{}};
    if (target->form == Form::absolute) {
        // RFC 9112 section 3.2.2: the target rules; two different claims are an attack.
        const std::string_view port = target->secure ? "443" : "80";
        if (host != nullptr && !http::same_host(host->value, target->authority, port))
            return Unexpected{bad_request};
        request.authority = target->authority;
    }
    if (host != nullptr && http::host_name(request.authority).empty())
        return Unexpected{bad_request};
    if (target->form == Form::asterisk) request.target.path = "*";
    if (request.target.path == "*") return request;
    const auto path = http::normalize_path(
        target->path, proxy_.runtime().path_rules(session_->listener()), proxy_.path);
    if (!path) return Unexpected{bad_request};
    request.target.path = *path;
    return request;
}

void Exchange::answer_as_recipient(const Incoming &request, TimePoint now) {
    LocalAnswer local{.headers = {{"Proxy-Status", "uvoy"}}};
    if (method_ == http::Method::trace) {
        local.content_type = "message/http";
        local.body = echo(request.head);
    } else {
        local.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE");
    }
    answer_locally(local, now);
}

std::string_view Exchange::client_ip() const {
    const std::string_view told = journal_.get(Text::client);
    return told.empty() ? session_->client_ip() : told;
}

void Exchange::note(const Incoming &request) {
    const http::Fields &fields = request.head.fields;
    journal_.set(Text::host, request.authority);
    journal_.set(Text::path, request.target.path);
    const std::string_view given = value_of(fields, http::FieldId::x_request_id);
    journal_.set(Text::request_id, is_good_id(given) ? given : make_id());
    const std::string_view trace = value_of(fields, http::FieldId::traceparent);
    continues_trace_ = is_traceparent(trace) && fields.count(http::FieldId::traceparent) == 1;
    if (!continues_trace_) make_traceparent(made_traceparent_, proxy_.random());
    // The route may still have no log.
    if (!proxy_.runtime().config().access_log.empty()) note_for_log(request);
    if (session_->trusted()) believe(fields);
}

void Exchange::note_for_log(const Incoming &request) {
    const http::Fields &fields = request.head.fields;
    if (proxy_.runtime().logs_query()) journal_.set(Text::query, request.target.query);
    journal_.set(Text::user_agent, value_of(fields, http::FieldId::user_agent));
    journal_.set(Text::referer, value_of(fields, http::FieldId::referer));
    const std::string_view trace =
        continues_trace_ ? value_of(fields, http::FieldId::traceparent) : traceparent();
    journal_.set(Text::trace_id, trace_id(trace));
}

void Exchange::believe(const http::Fields &fields) {
    const auto &listener = proxy_.runtime().config().listeners[session_->listener()];
    route::read_forwarded(fields, listener.trusted_proxies, session_->client_ip(),
                          proxy_.forwarded);
    journal_.set(Text::client, proxy_.forwarded.client);
}

std::string_view Exchange::make_id() {
    write_hex(made_id_.data(), proxy_.random().next());
    write_hex(made_id_.data() + 16, proxy_.random().next());
    return {made_id_.data(), made_id_.size()};
}

}  // namespace uvoy::proxy
