#include "proxy/exchange.h"
#include "proxy/proxy.h"
#include "proxy/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

// The second half: from the endpoint's response to the client and to the log.
namespace uvoy::proxy {

using Text = Journal::Text;
using Kind = http::Framing::Kind;

namespace {

/// The endpoint, or what stands behind it, is not well: Bad Gateway, Service Unavailable and
/// Gateway Timeout.  Other errors may be about the request.
bool speaks_of_trouble(int status) { return status >= 502 && status <= 504; }

}  // namespace

void Exchange::on_interim_response(const http::ResponseHead &head, Gather &out, TimePoint now) {
    progress_ = now;
    // RFC 9110 section 15.2: HTTP/1.0 does not know them.
    if (version_ == http::Version::http10) return;
    // Once is enough: who tries it next may say so as well, and some clients would take that for
    // the answer to the next request.
    if (head.status == 100 && std::exchange(told_to_continue_, true)) return;
    response_.clear();
    append_response_head(response_, head, {.via = proxy_.runtime().pseudonym()});
    out.add(response_.view());
    out.flush();
    journal_.interim += response_.size();
    wrote_client(out.take_sent(), now);
}

bool Exchange::on_switched(const http::ResponseHead &head, Gather &out, TimePoint now) {
    const std::string_view upgrade = journal_.get(Text::upgrade);
    if (upgrade.empty()) return false;
    const http::Field *field = head.fields.find(http::FieldId::upgrade);
    if (field == nullptr || !http::equals_ignoring_case(field->value, upgrade)) return false;
    progress_ = now;
    tunnel_ = true;
    persists_ = false;
    try_due_ = TimePoint::max();
    leave_retry();
    response_state_ = Response::streaming;
    journal_.status = head.status;
    if (journal_.first_byte < Duration::zero()) journal_.first_byte = now - sent_at_;
    note_answer(head.status, now);
    response_.clear();
    append_response_head(response_, head,
                         {.upgrade = upgrade, .date = {}, .via = proxy_.runtime().pseudonym()});
    journal_.head = response_.size();
    out.add(response_.view());
    out.flush();
    wrote_client(out.take_sent(), now);
    const std::string held = session_->take_held();
    if (!held.empty()) receive(held, now);
    if (session_->client_ended()) on_client_end(now);
    return true;
}

void Exchange::on_response_head(const http::ResponseHead &head, const http::Framing &framing,
                                Gather &out, TimePoint now) {
    progress_ = now;
    journal_.first_byte = now - sent_at_;
    note_answer(head.status, now);
    if (retries_answer(head.status, now)) return;
    try_due_ = TimePoint::max();
    leave_retry();
    journal_.status = head.status;
    response_state_ = Response::streaming;
    // An answer while the request still flows: the rest may never be read.
    if (!request_over_ || !session_->may_persist()) persists_ = false;
    response_framing_ = framing;
    if (framing.kind == Kind::chunked || framing.kind == Kind::until_close) {
        // HTTP/1.0 knows no chunks: the end of the connection ends the body.
        const bool http10 = version_ == http::Version::http10;
        response_framing_ = {.kind = http10 ? Kind::until_close : Kind::chunked};
        if (http10) persists_ = false;
    }
    Persistence persistence = Persistence::implied;
    if (!persists_) persistence = Persistence::close;
    else if (version_ == http::Version::http10) persistence = Persistence::keep_alive;
    const bool dated = head.fields.has(http::FieldId::date);
    response_.clear();
    append_response_head(response_, head,
                         {.framing = response_framing_,
                          .persistence = persistence,
                          .upgrade = {},
                          .date = dated ? std::string_view{} : proxy_.date(now),
                          .via = proxy_.runtime().pseudonym(),
                          .set_cookie = set_cookie()});
    journal_.head = response_.size();
    out.mark();
    out.add_head(response_);
    response_unsent_ = true;
}

std::string Exchange::set_cookie() const {
    if (cookie_ == nullptr) return {};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*cookie_->ttl).count();
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}", cookie_->name,
                       std::string_view{cookie_value_.data(), cookie_value_.size()},
                       seconds > 0 ? fmt::format("; Max-Age={}", seconds) : std::string{});
}

bool Exchange::take_back_response(Gather &out) {
    if (!response_unsent_ || out.written()) return false;
    out.discard();
    response_state_ = Response::none;
    response_unsent_ = false;
    journal_.status = 0;
    journal_.head = 0;
    return true;
}

void Exchange::on_response_body(Bytes data, Gather &out, TimePoint now) {
    progress_ = now;
    out.add_data(data, response_framing_.kind == Kind::chunked);
}

void Exchange::on_response_flushed(Gather &out, TimePoint now) {
    response_unsent_ = false;
    if (const std::size_t sent = out.take_sent(); sent != 0) wrote_client(sent, now);
}

void Exchange::on_response_end(const http::Fields &trailers, bool reusable, Gather &out,
                               TimePoint now) {
    std::string tail;  // of a chunked body; fits into the string itself unless there are trailers
    if (response_framing_.kind == Kind::chunked) {
        tail = "0\r\n";
        append_trailers(tail, trailers);
        out.add(tail);
    }
    out.flush();
    UpstreamConnection *connection = std::exchange(upstream_, nullptr);
    on_response_flushed(out, now);
    response_state_ = Response::over;
    if (tries_ > 1)
        proxy_.stats().cluster(endpoint_.cluster).retries[stats::RetryResult::success].add();
    leave_endpoint();
    // A request that is still on its way must not be continued by the next one.
    if (request_complete_) connection->release(reusable && !may_be_misread(), now);
    else connection->abandon(now);
    finish_if_over(now);
}

bool Exchange::may_be_misread() const {
    const bool has_body = request_framing_.kind != Kind::none;
    return has_body && (method_ == http::Method::get || method_ == http::Method::head);
}

void Exchange::on_tunnel_bytes(Bytes bytes, TimePoint now) {
    progress_ = now;
    session_->transport().write(std::span{&bytes, 1});
    wrote_client(bytes.size(), now);
}

void Exchange::on_tunnel_end(TimePoint now) {
    tunnel_upstream_over_ = true;
    // The client's side ends when it has all; Session::close() takes care of the queue.
    if (!tunnel_client_over_) {
        proxy_.touch(*session_);
        session_->finish_output();
    } else {
        finish(Session::After::close, now);
    }
}

void Exchange::note_answer(int status, TimePoint now) {
    auto &stats = proxy_.stats().endpoint(proxy_.runtime().endpoint_number(endpoint_));
    stats.answers.add();
    stats.latency_nanoseconds.add(static_cast<std::uint64_t>(journal_.first_byte.count()));
    const std::size_t bucket = stats::bucket_of(journal_.first_byte);
    stats.latencies[bucket].add();
    if (status >= 500) stats.errors.add();
    note_latency(status < 500, now);
    if (status != 101)
        proxy_.stats().cluster(endpoint_.cluster).first_byte.observe(journal_.first_byte, bucket);
    if (!speaks_of_trouble(status)) {
        at_->note_success();
        const ClusterRuntime &cluster = proxy_.runtime().cluster(endpoint_.cluster);
        cluster.retry_credit.earn(cluster.config->retry_budget.ratio.basis_points);
        return;
    }
    at_->note_failure();
    proxy_.ports().observer->on_endpoint_failure(
        {.endpoint = endpoint_, .reason = Reason::error_status, .began = tried_at_, .at = now});
}

void Exchange::note_latency(bool good, TimePoint now) {
    if (cluster().load_balancing.policy != config::Policy::peak_ewma) return;
    // A client that takes its time is not the endpoint's fault.
    const Duration elapsed = request_over_ ? now - asked_at_ : Duration::zero();
    if (!good) at_->latency.observe_failure(elapsed, now);
    else if (request_over_) at_->latency.observe(elapsed, now);
}

bool Exchange::is_logged() const {
    return !proxy_.runtime().config().access_log.empty() &&
           (route_ == nullptr || route_->access_log);
}

void Exchange::record(TimePoint now) {
    const Runtime &runtime = proxy_.runtime();
    const Duration duration = now - first_byte_;
    const std::size_t route =
        route_ != nullptr ? static_cast<std::size_t>(route_ - runtime.config().routes.data())
                          : stats::no_route;
    const std::size_t code = stats::code_class(static_cast<unsigned>(journal_.status));
    stats::WorkerStats &stats = proxy_.stats();
    stats.requests(session_->listener(), route, static_cast<std::size_t>(method_), code).add();
    if (tries_ != 0) {
        stats.endpoint(runtime.endpoint_number(endpoint_)).requests[code].add();
        stats.cluster(endpoint_.cluster).duration.observe(duration);
    }
    if (local_ && failure_.reason != Reason::none)
        stats.process().responses_by_uvoy[failure_.reason].add();
    Failure failure = failure_;
    // The endpoint's own words, passed on.
    if (failure.reason == Reason::none && !local_ && journal_.status >= 500)
        failure = make_failure(Reason::error_status, Phase::response_head);
    const bool failed = failure.reason != Reason::none;
    if (!failed && !is_logged()) return;
    ExchangeRecord record = describe(now);
    if (is_logged()) proxy_.ports().observer->on_exchange(record);
    if (!failed) return;
    record.reason = failure.reason;
    // It may not have come to an endpoint, but it is that cluster's all the same.
    const auto *const forward =
        route_ != nullptr ? std::get_if<config::Forward>(&route_->action) : nullptr;
    if (forward != nullptr) record.cluster = runtime.config().clusters[forward->cluster].name;
    proxy_.ports().observer->on_failure(record, failure, false);
}

void Exchange::tell_retried(const Failure &failure, int status, TimePoint now) {
    ExchangeRecord record = describe(now);
    record.reason = failure.reason;
    record.status = status;
    proxy_.ports().observer->on_failure(record, failure, true);
}

ExchangeRecord Exchange::describe(TimePoint now) const {
    const Runtime &runtime = proxy_.runtime();
    const bool forwarded = tries_ != 0;
    const std::uint64_t heads = journal_.interim + journal_.head;
    return {
        .time = proxy_.unix_milliseconds(now),
        .request_id = journal_.get(Text::request_id),
        .trace_id = journal_.get(Text::trace_id),
        .listener = runtime.config().listeners[session_->listener()].name,
        .client = client_ip(),
        .protocol = version_ == http::Version::http10 ? "HTTP/1.0" : "HTTP/1.1",
        .method = journal_.get(Text::method),
        .host = journal_.get(Text::host),
        .path = journal_.get(Text::path),
        .status = journal_.status,
        .reason = failure_.reason,
        .route = route_ != nullptr ? std::string_view{route_->name} : std::string_view{},
        .cluster = forwarded ? std::string_view{cluster().name} : std::string_view{},
        .backend = journal_.get(Text::backend),
        .attempts = static_cast<std::uint32_t>(tries_),
        .received = journal_.received,
        .sent = journal_.sent,
        .duration = now - first_byte_,
        .wait = journal_.wait,
        .connect = journal_.connect,
        .first_byte = journal_.first_byte,
        .user_agent = journal_.get(Text::user_agent),
        .referer = journal_.get(Text::referer),
        .query = journal_.get(Text::query),
        .body_sent = journal_.sent - std::min(journal_.sent, heads),
    };
}

}  // namespace uvoy::proxy
