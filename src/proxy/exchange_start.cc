#include "http/target.h"
#include "proxy/exchange.h"
#include "proxy/proxy.h"
#include "proxy/rewrite.h"
#include "route/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

// The first half of an exchange's life: from the request's head to an endpoint.
namespace uvoy::proxy {

namespace {

using Text = Journal::Text;

}  // namespace

void Exchange::begin(Session &session, TimePoint first_byte) {
    session_ = &session;
    first_byte_ = progress_ = first_byte;
    upstream_ = reserved_ = nullptr;
    at_ = nullptr;
    route_ = nullptr;
    head_.clear();
    unsent_.clear();
    response_.clear();
    journal_.clear();
    request_framing_ = response_framing_ = http::Framing{};
    read_due_ = pending_due_ = discard_due_ = TimePoint::max();
    try_due_ = retry_due_ = give_up_due_ = TimePoint::max();
    hash_ = 0;
    tries_ = 0;
    backlog_ = 0;
    failure_ = Failure{};
    failure_.status = 0;
    method_ = http::Method::other;
    version_ = http::Version::http11;
    response_state_ = Response::none;
    request_over_ = request_complete_ = discarding_ = head_sent_ = waiting_ = false;
    cookie_ = nullptr;
    after_body_.reset();
    dialled_ = keeps_body_ = retrying_ = false;
    tunnel_ = tunnel_client_over_ = tunnel_upstream_over_ = local_ = false;
    told_to_continue_ = false;
    persists_ = true;
    client_closes_ = false;
    course_ = Course{};
    body_left_ = UINT64_MAX;
    response_unsent_ = false;
    proxy_.stats().listener(session.listener()).requests_active.add();
}

void Exchange::trim() {
    static constexpr std::size_t usual = std::size_t{8} * 1024;
    for (TextBuffer *buffer : {&head_, &response_})
        if (buffer->capacity() > usual) buffer->give_memory_back();
    if (unsent_.capacity() > usual) unsent_ = std::string{};
    journal_.trim(usual);
    body_ = http::BodyDecoder{};
}

void Exchange::refuse(const Failure &failure, bool head, TimePoint now) {
    if (head) method_ = http::Method::head;
    request_over_ = true;  // what follows cannot be understood
    persists_ = false;
    answer(failure, now);
}

void Exchange::start(const http::RequestHead &head, std::size_t head_bytes, TimePoint now) {
    journal_.received = head_bytes;
    progress_ = now;
    method_ = head.method;
    version_ = head.version;
    journal_.set(Text::method, head.method_text);
    client_closes_ = !http::keeps_alive(head.version, head.fields);
    persists_ = !client_closes_ && session_->may_persist();
    const auto request = read(head, now);
    if (!request) return;
    if (Service *service = proxy_.ports().service) {
        serve(*service, *request, now);
        return;
    }
    if (proxy_.runtime().overloaded().load(std::memory_order_relaxed)) {
        persists_ = false;
        answer(make_failure(Reason::overload, Phase::routing), now);
        return;
    }
    route(*request, now);
}

void Exchange::route(const Incoming &request, TimePoint now) {
    const Runtime &runtime = proxy_.runtime();
    const std::string_view host = http::host_name(request.authority);
    const auto index = runtime.routes().match(
        {.listener = session_->listener(), .host = host, .path = request.target.path});
    if (!index) {
        answer(make_failure(Reason::no_route, Phase::routing), now);
        return;
    }
    route_ = &runtime.config().routes[*index];
    const route::KeyInput key{.path = request.target.path,
                              .query = request.target.query,
                              .host = host,
                              .client_ip = client_ip(),
                              .route = route_->name,
                              .fields = request.head.fields};
    if (!within_limits(key, now)) return;
    body_left_ = route_->max_body.value_or(UINT64_MAX);
    if (request_framing_.length > body_left_) {
        answer(make_failure(Reason::body_too_large, Phase::routing), now);
        return;
    }
    if (const auto *respond = std::get_if<config::Respond>(&route_->action)) {
        LocalAnswer local{.status = respond->status,
                          .content_type = "text/plain; charset=utf-8",
                          .headers = respond->headers,
                          .body = respond->body};
        local.headers.emplace_back("Proxy-Status", "uvoy");
        answer_locally(local, now);
        return;
    }
    forward(request, key, now);
}

void Exchange::forward(const Incoming &request, const route::KeyInput &key, TimePoint now) {
    if (course_.ends_here()) {
        answer_as_recipient(request, now);
        return;
    }
    const Runtime &runtime = proxy_.runtime();
    endpoint_.cluster =
        static_cast<std::uint16_t>(std::get<config::Forward>(route_->action).cluster);
    hash_ = hash_of(key);
    if (!request_over_)
        read_due_ = now + runtime.config().listeners[session_->listener()].timeouts.body;
    if (request.head.fields.has(http::FieldId::upgrade) && request_over_ &&
        request.head.version == http::Version::http11)
        journal_.set(Text::upgrade, wanted_protocol(request.head.fields));
    write_upstream_head(request);
    keeps_body_ = may_keep_body();
    waiting_since_ = now;
    try_next(now);
}

std::uint64_t Exchange::hash_of(route::KeyInput key) {
    const auto &parts = route_->hash_key ? *route_->hash_key : cluster().load_balancing.hash_key;
    cookie_ = route::cookie_to_set(parts, key.fields);
    if (cookie_ != nullptr) {
        fmt::format_to(cookie_value_.data(), "{:016x}", proxy_.random().next());
        key.made_cookie = {cookie_value_.data(), cookie_value_.size()};
    }
    return route::hash_key(parts, key, proxy_.runtime().hash_seed());
}

bool Exchange::may_keep_body() const {
    const config::Retry &retry = route_->retry;
    return retry.attempts > 0 && http::is_idempotent(method_) &&
           (request_framing_.kind == http::Framing::Kind::chunked ||
            (request_framing_.kind == http::Framing::Kind::sized &&
             request_framing_.length <= retry.buffer));
}

std::string_view Exchange::wanted_protocol(const http::Fields &fields) const {
    return wanted_upgrade(fields, [this](std::string_view protocol) {
        return std::ranges::any_of(route_->upgrades, [&](const std::string &allowed) {
            return http::equals_ignoring_case(allowed, protocol);
        });
    });
}

const config::Cluster &Exchange::cluster() const {
    return *proxy_.runtime().cluster(endpoint_.cluster).config;
}

void Exchange::write_upstream_head(const Incoming &request) {
    std::string_view host = request.authority;
    // HTTP/1.0 may have none, and HTTP/1.1 must (RFC 9112 section 3.2).
    if (host.empty()) host = cluster().name;
    RequestRewrite rewrite{.path = request.target.path,
                           .query = request.target.query,
                           .has_query = request.target.has_query,
                           .host = host,
                           .via = proxy_.runtime().pseudonym(),
                           .peer = session_->client_ip(),
                           .chain = {},
                           .forwarded_proto = "http",
                           .forwarded_host = host,
                           .trusts_peer = session_->trusted(),
                           .request_id = journal_.get(Text::request_id),
                           .traceparent = continues_trace_ ? std::string_view{} : traceparent(),
                           .upgrade = journal_.get(Text::upgrade),
                           .course = course_,
                           .framing = request_framing_};
    if (rewrite.trusts_peer) {
        const route::Forwarded &told = proxy_.forwarded;
        rewrite.chain = told.chain;
        if (!told.proto.empty()) rewrite.forwarded_proto = told.proto;
        if (!told.host.empty()) rewrite.forwarded_host = told.host;
    }
    append_request_head(head_, request.head, rewrite);
    head_size_ = head_.size() - std::string_view{"\r\n"}.size();
}

void Exchange::try_next(TimePoint now) {
    const std::span<const std::uint16_t> tried{tried_.data(), tries_};
    const auto picked = proxy_.ports().balancer->pick(endpoint_.cluster, hash_, tried, now);
    if (!picked) {
        answer(make_failure(Reason::no_healthy_endpoint, Phase::routing), now);
        return;
    }
    at_ = picked->endpoint;
    tried_at_ = asked_at_ = now;
    endpoint_.index = at_->index;
    tried_[tries_++] = at_->index;
    journal_.connect = journal_.first_byte = Duration{-1};
    journal_.set(Text::backend, at_->name);
    if (picked->in_flight >= cluster().limits.requests) {
        proxy_.stats().cluster(endpoint_.cluster).overflows[stats::Overflow::requests].add();
        fail(Reason::overflow_requests, now);
        return;
    }
    seek_connection(care(), now);
    start_try_clock(now);
}

Pool::Care Exchange::care() const {
    if (!request_over_) return Pool::Care::ask;
    // What is lent may be sent twice.
    const bool repeatable =
        http::is_idempotent(method_) && request_framing_.kind == http::Framing::Kind::none;
    return repeatable ? Pool::Care::lend : Pool::Care::wait;
}

void Exchange::seek_connection(Pool::Care care, TimePoint now) {
    const Pool::Acquired acquired =
        proxy_.pool(endpoint_).acquire(*this, at_->generation, care, now);
    switch (acquired.outcome) {
        case Pool::Outcome::reserved:
            reserved_ = acquired.connection;
            waiting_ = true;
            pending_due_ = now + cluster().limits.pending_timeout;
            dialled_ = false;
            break;
        case Pool::Outcome::ready:
            upstream_ = acquired.connection;
            upstream_->assign(*this, now);
            journal_.wait = now - waiting_since_;
            break;
        case Pool::Outcome::waiting:
            waiting_ = true;
            pending_due_ = now + cluster().limits.pending_timeout;
            // While one is dialled for it, that connection's own time-out decides.
            dialled_ = acquired.dialled;
            if (dialled_) pending_due_ += cluster().timeouts.connect;
            if (!request_over_) session_->pause(Session::Pause::connecting, true);
            break;
        case Pool::Outcome::full:
            fail(Reason::overflow_pending, now);
            break;
    }
}

void Exchange::start_try_clock(TimePoint now) {
    if (at_ == nullptr || !request_over_) return;
    // Who waits for another's connection has pending_timeout.  Counted in, that wait would leave
    // the endpoint of a long queue less time than it needs, and all its work would be thrown away.
    const bool queued = waiting_ && !dialled_;
    const Duration limit = route_->retry.per_try_timeout;
    if (!queued && limit > Duration::zero()) try_due_ = now + limit;
}

void Exchange::leave_endpoint() {
    try_due_ = TimePoint::max();
    if (at_ != nullptr) std::exchange(at_, nullptr)->leave();
}

}  // namespace uvoy::proxy
