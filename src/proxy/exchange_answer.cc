#include "proxy/exchange.h"
#include "proxy/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

// Answers that uvoy makes itself.
namespace uvoy::proxy {

namespace {

std::string_view connection_field(bool persists, http::Version version) {
    if (!persists) return "Connection: close\r\n";
    return version == http::Version::http10 ? "Connection: keep-alive\r\n" : "";
}

/// RFC 9110 section 6.4.1.
bool may_have_body(int status) { return status != 204 && status != 304; }

}  // namespace

void Exchange::answer(const Failure &failure, TimePoint now) {
    failure_ = failure;
    // Who asks a service reads all of its errors in one form (RFC 9457).
    const bool problem = proxy_.ports().service != nullptr;
    const std::string fields = fmt::format(
        "Content-Type: {}\r\n"
        "Proxy-Status: uvoy; error={}; details=\"{}\"\r\n",
        problem ? "application/problem+json" : "text/plain; charset=utf-8",
        proxy_status_error(failure.reason), name(failure.reason));
    const std::string body =
        problem ? fmt::format(
                      "{{\"type\": \"about:blank\", \"title\": \"{}\", \"status\": {}, "
                      "\"detail\": \"{}\"}}\n",
                      reason_phrase(failure.status), failure.status, name(failure.reason))
                : fmt::format("{} {}: {}\n", failure.status, reason_phrase(failure.status),
                              name(failure.reason));
    send_answer(failure.status, fields, body, now);
}

void Exchange::answer_locally(const LocalAnswer &answer, TimePoint now) {
    std::string fields;
    const bool own_type = std::ranges::any_of(answer.headers, [](const auto &header) {
        return http::equals_ignoring_case(header.first, "content-type");
    });
    if (!own_type && !answer.body.empty())
        fields = fmt::format("Content-Type: {}\r\n", answer.content_type);
    for (const auto &[header, value] : answer.headers)
        fmt::format_to(std::back_inserter(fields), "{}: {}\r\n", header, value);
    send_answer(answer.status, fields, answer.body, now);
}

void Exchange::send_answer(int status, std::string_view fields, std::string_view body,
                           TimePoint now) {
    local_ = true;
    leave_endpoint();
    leave_retry();
    retry_due_ = TimePoint::max();
    if (!request_over_) {
        // A short rest of the request is read and thrown away; for a long one it is cheaper to
        // close.  A client that waits for "100 Continue" would send nothing at all.
        discarding_ = request_framing_.kind == http::Framing::Kind::sized &&
                      request_framing_.length <= discard_limit && !course_.expects_continue;
        if (!discarding_) persists_ = false;
        body_left_ = UINT64_MAX;
        read_due_ = now + proxy_.runtime().config().listeners[session_->listener()].timeouts.body;
        discard_due_ = now + longest_discard;
        session_->pause(Session::Pause::connecting, false);
        session_->pause(Session::Pause::back_pressure, false);
    }
    if (!session_->may_persist()) persists_ = false;
    write_answer_head(status, fields, body.size(), now);
    journal_.status = status;
    journal_.head = response_.size();
    const bool with_body = method_ != http::Method::head && may_have_body(status);
    const std::array<Bytes, 2> pieces{response_.view(), with_body ? body : Bytes{}};
    session_->transport().write(std::span{pieces}.first(with_body && !body.empty() ? 2 : 1));
    wrote_client(response_.size() + (with_body ? body.size() : 0), now);
    response_state_ = Response::over;
    finish_if_over(now);
}

void Exchange::write_answer_head(int status, std::string_view fields, std::size_t length,
                                 TimePoint now) {
    response_.clear();
    TextWriter out{response_};
    out.add("HTTP/1.1 ").number(static_cast<std::uint64_t>(status)).add(" ");
    out.add(reason_phrase(status)).add("\r\n").add(fields);
    if (may_have_body(status)) out.add("Content-Length: ").number(length).add("\r\n");
    out.field("Date", proxy_.date(now));
    out.add(connection_field(persists_, version_)).add("\r\n");
}

}  // namespace uvoy::proxy
