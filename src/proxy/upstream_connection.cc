#include "proxy/upstream_connection.h"

#include "http/start_line.h"
#include "proxy/exchange.h"
#include "proxy/pool.h"
#include "proxy/proxy.h"

#include <cassert>
#include <utility>

namespace uvoy::proxy {

namespace {

/// Interim responses to one request: more are a fault of the endpoint.
constexpr std::uint32_t max_interim = 32;

/// Time for the rest of a response that nobody wants.
constexpr Duration longest_discard = std::chrono::seconds{1};

/// An endpoint's head may be as long as this; a client's is limited by its listener.
constexpr http::HeadLimits response_limits{
    .header_bytes = std::size_t{64} * 1024, .headers = 256, .target_bytes = std::size_t{8} * 1024};

Reason reason_of(ConnectError error) {
    switch (error) {
        case ConnectError::refused:
            return Reason::connect_refused;
        case ConnectError::timed_out:
            return Reason::connect_timeout;
        case ConnectError::failed:
            return Reason::connect_failed;
        case ConnectError::exhausted:
            return Reason::overload;  // ours, and no fault of the endpoint
    }
    return Reason::connect_failed;
}

Reason reason_of(http::HeadError error) {
    const bool large =
        error == http::HeadError::head_too_large || error == http::HeadError::too_many_fields;
    return large ? Reason::response_too_large : Reason::bad_response;
}

}  // namespace

UpstreamConnection::UpstreamConnection(Proxy &proxy, Pool &pool, TimePoint now)
    : proxy_{&proxy}, pool_{&pool}, since_{now}, generation_{pool.generation()} {}

UpstreamConnection::~UpstreamConnection() = default;

void UpstreamConnection::open(TimePoint) {
    transport_ = proxy_->ports().dialer->dial(pool_->endpoint(), *this);
    proxy_->touch(*this);
}

void UpstreamConnection::assign(Exchange &exchange, TimePoint) {
    assert(state_ == State::idle);
    state_ = State::busy;
    exchange_ = &exchange;
    interim_ = 0;
    head_read_ = any_byte_ = false;
    ++served_;
    auto &stats = proxy_->stats().cluster(pool_->endpoint().cluster);
    stats.connections_idle.subtract();
    stats.connections_active.add();
    if (served_ > 1) stats.reuses.add();
    proxy_->touch(*this);
}

void UpstreamConnection::rest(TimePoint now) {
    state_ = State::idle;
    since_ = now;
    rested_in_ = proxy_->turn();
    proxy_->touch(*this);
}

void UpstreamConnection::reserve(Exchange &exchange) {
    assert(state_ == State::idle && reserved_for_ == nullptr);
    reserved_for_ = &exchange;
    proxy_->reserve(*this);
}

void UpstreamConnection::lend() { lent_in_ = proxy_->turn(); }

bool UpstreamConnection::rested_before_turn() const { return rested_in_ != proxy_->turn(); }

bool UpstreamConnection::take_back(TimePoint now) {
    if (lent_in_ != proxy_->turn()) return false;
    Exchange *const exchange = std::exchange(exchange_, nullptr);
    transport_->reset();
    close(now);
    exchange->on_taken_back(now);
    return true;
}

void UpstreamConnection::cancel_reservation() {
    reserved_for_ = nullptr;
    proxy_->cancel_reservation(*this);
}

void UpstreamConnection::end_reservation(TimePoint now) {
    // What came since it was read in this same turn comes with the next one.
    if (rested_in_ == proxy_->turn()) {
        proxy_->reserve(*this);
        return;
    }
    std::exchange(reserved_for_, nullptr)->on_connection(*this, now);
}

void UpstreamConnection::pause(bool paused) {
    if (paused_ == paused) return;
    paused_ = paused;
    if (paused) transport_->pause_reading();
    else transport_->resume_reading();
    proxy_->touch(*this);
}

void UpstreamConnection::release(bool reusable, TimePoint now) {
    exchange_ = nullptr;
    if (!reusable || !keeps_alive_ || tunnel_ || transport_->queued() != 0) {
        close(now);
        return;
    }
    return_to_pool(now);
}

void UpstreamConnection::return_to_pool(TimePoint now) {
    pause(false);
    auto &stats = proxy_->stats().cluster(pool_->endpoint().cluster);
    stats.connections_active.subtract();
    stats.connections_idle.add();
    pool_->ready(*this, now);
}

void UpstreamConnection::discard(bool reusable, TimePoint now) {
    if (!reusable || !keeps_alive_ || transport_->queued() != 0) {
        abandon(now);
        return;
    }
    exchange_ = nullptr;
    state_ = State::discarding;
    since_ = now;
    discarded_ = 0;
    pause(false);
    proxy_->touch(*this);
}

void UpstreamConnection::discard_body(Bytes bytes, TimePoint now) {
    while (!body_.done() && !bytes.empty()) {
        const http::BodyDecoder::Step step = body_.decode(bytes);
        bytes.remove_prefix(step.consumed);
        discarded_ += step.consumed;
        const bool bad = step.state == http::BodyDecoder::State::malformed ||
                         step.state == http::BodyDecoder::State::trailers_too_large;
        if (!bad && discarded_ <= Exchange::discard_limit) continue;
        abandon(now);
        return;
    }
    if (!body_.done()) return;
    if (bytes.empty()) return_to_pool(now);
    else abandon(now);
}

void UpstreamConnection::abandon(TimePoint now) {
    exchange_ = nullptr;
    if (state_ == State::closed) return;
    transport_->reset();
    close(now);
}

void UpstreamConnection::end_tunnel(TimePoint now) {
    exchange_ = nullptr;
    if (transport_->queued() == 0) {
        close(now);
        return;
    }
    state_ = State::leaving;
    since_ = now;
    proxy_->touch(*this);
}

void UpstreamConnection::on_connected(TimePoint now) {
    auto &stats = proxy_->stats().cluster(pool_->endpoint().cluster);
    stats.connects[stats::ConnectResult::ok].add();
    connect_time_ = now - since_;
    stats.connect_duration.observe(connect_time_);
    stats.connections_idle.add();
    state_ = State::idle;
    since_ = now;
    proxy_->touch(*this);
    pool_->connected(*this, now);
}

void UpstreamConnection::on_connect_failed(ConnectError error, TimePoint now) {
    fail_connect(reason_of(error), now);
}

void UpstreamConnection::fail_connect(Reason reason, TimePoint now) {
    assert(state_ == State::connecting);
    auto &connects = proxy_->stats().cluster(pool_->endpoint().cluster).connects;
    if (reason == Reason::connect_refused) connects[stats::ConnectResult::refused].add();
    else if (reason == Reason::connect_timeout) connects[stats::ConnectResult::timeout].add();
    else connects[stats::ConnectResult::failed].add();
    state_ = State::closed;
    proxy_->touch(*this);
    pool_->connect_failed(reason, now);
}

void UpstreamConnection::on_bytes(Bytes bytes, TimePoint now) {
    proxy_->touch(*this);
    if (state_ == State::closed) return;
    if (state_ == State::discarding) {
        discard_body(bytes, now);
        return;
    }
    if (exchange_ == nullptr) {
        close(now);  // a response to nothing: whoever came next would get it
        return;
    }
    if (tunnel_) {
        exchange_->on_tunnel_bytes(bytes, now);
        return;
    }
    if (take_back(now)) return;
    any_byte_ = true;
    Gather out{&exchange_->client()};
    if (held_.empty()) {
        read_response(bytes, out, now);
    } else {
        const std::string joined = std::exchange(held_, {}).append(bytes);
        read_response(joined, out, now);
    }
}

void UpstreamConnection::read_response(Bytes bytes, Gather &out, TimePoint now) {
    while (exchange_ != nullptr && !tunnel_) {
        if (!head_read_ ? !read_head(bytes, out, now) : !read_body(bytes, out, now)) break;
    }
    if (state_ == State::discarding) discard_body(bytes, now);
    if (exchange_ == nullptr) return;
    if (tunnel_) {
        if (!bytes.empty()) exchange_->on_tunnel_bytes(bytes, now);
        return;
    }
    out.flush();
    exchange_->on_response_flushed(out, now);
}

std::size_t UpstreamConnection::judge_head(Bytes bytes, TimePoint now) {
    const auto found = scanner_.scan(bytes, response_limits);
    if (!found) {
        fail(reason_of(found.error()), now);
        return 0;
    }
    // An empty line may precede a request, never a response (RFC 9112 section 2.2).
    if (found->begin != 0 || (found->end == 0 && !http::may_become_status_line(bytes))) {
        fail(Reason::bad_response, now);
        return 0;
    }
    if (found->end == 0) {
        held_ = bytes;
        return 0;
    }
    const auto parsed =
        http::parse_response(bytes.substr(0, found->end), response_limits, proxy_->response_head);
    if (!parsed) {
        fail(reason_of(parsed.error()), now);
        return 0;
    }
    return found->end;
}

bool UpstreamConnection::read_head(Bytes &bytes, Gather &out, TimePoint now) {
    const http::ResponseHead &head = proxy_->response_head;
    std::size_t size = 0;
    if (scanner_.fresh())
        size = http::parse_whole_response(bytes, response_limits, proxy_->response_head);
    if (size == 0) size = judge_head(bytes, now);
    if (size == 0) return false;
    const auto framing = http::response_framing(head, exchange_->method());
    if (!framing) {
        fail(Reason::bad_response, now);
        return false;
    }
    bytes.remove_prefix(size);
    scanner_.reset();
    if (head.status == 101) {
        if (exchange_->on_switched(head, out, now)) tunnel_ = true;
        else fail(Reason::bad_response, now);
        return false;
    }
    if (head.status < 200) {
        if (++interim_ > max_interim) fail(Reason::bad_response, now);
        else exchange_->on_interim_response(head, out, now);
        return exchange_ != nullptr && !bytes.empty();
    }
    head_read_ = true;
    keeps_alive_ = http::keeps_alive(head.version, head.fields) &&
                   framing->kind != http::Framing::Kind::until_close;
    body_ = http::BodyDecoder{*framing};
    exchange_->on_response_head(head, *framing, out, now);
    return true;
}

bool UpstreamConnection::read_body(Bytes &bytes, Gather &out, TimePoint now) {
    if (body_.done()) {
        end_response(!bytes.empty(), out, now);
        return false;
    }
    if (bytes.empty()) return false;
    const http::BodyDecoder::Step step = body_.decode(bytes);
    bytes.remove_prefix(step.consumed);
    if (!step.data.empty()) exchange_->on_response_body(step.data, out, now);
    if (step.state == http::BodyDecoder::State::done) {
        end_response(!bytes.empty(), out, now);
        return false;
    }
    if (step.state != http::BodyDecoder::State::more) {
        refuse_response(Reason::bad_response, out, now);
        return false;
    }
    return true;
}

void UpstreamConnection::refuse_response(Reason reason, Gather &out, TimePoint now) {
    // Head and mistake came at once: then the client can still be told.
    if (exchange_->take_back_response(out)) head_read_ = false;
    fail(reason, now);
}

void UpstreamConnection::end_response(bool extra_bytes, Gather &out, TimePoint now) {
    proxy_->trailers.clear();
    if (!body_.trailers().empty()) {
        const auto parsed = http::parse_fields(body_.trailers(), {}, proxy_->trailers);
        assert(parsed);  // the decoder has judged the section already
    }
    exchange_->on_response_end(proxy_->trailers, !extra_bytes, out, now);
}

Reason UpstreamConnection::lost_reason() const {
    if (head_read_) return Reason::reset_in_body;
    if (any_byte_) return Reason::reset_in_headers;
    return served_ > 1 ? Reason::stale_connection : Reason::reset_before_headers;
}

void UpstreamConnection::fail(Reason reason, TimePoint now) {
    Exchange *exchange = std::exchange(exchange_, nullptr);
    transport_->reset();
    close(now);
    if (exchange != nullptr) exchange->on_upstream_lost(reason, now);
}

void UpstreamConnection::on_end(TimePoint now) {
    proxy_->touch(*this);
    if (state_ == State::closed) return;
    if (exchange_ == nullptr) {
        close(now);
        return;
    }
    if (tunnel_) {
        exchange_->on_tunnel_end(now);
        return;
    }
    if (take_back(now)) return;
    if (head_read_ && body_.finish()) {
        Gather out{&exchange_->client()};
        end_response(true, out, now);
        return;
    }
    fail(lost_reason(), now);
}

void UpstreamConnection::on_drained(TimePoint now) {
    proxy_->touch(*this);
    if (exchange_ != nullptr) exchange_->on_upstream_drained(now);
    else if (state_ == State::leaving) close(now);
}

void UpstreamConnection::on_broken(TimePoint now) {
    proxy_->touch(*this);
    if (state_ == State::closed) return;
    if (exchange_ == nullptr) close(now);
    else if (!take_back(now)) fail(lost_reason(), now);
}

void UpstreamConnection::close(TimePoint now) {
    if (state_ == State::closed) return;
    const bool was_idle = state_ == State::idle;
    assert(state_ != State::connecting);
    auto &stats = proxy_->stats().cluster(pool_->endpoint().cluster);
    (was_idle ? stats.connections_idle : stats.connections_active).subtract();
    state_ = State::closed;
    proxy_->touch(*this);
    pool_->closed(*this, was_idle, now);
    if (reserved_for_ == nullptr) return;
    Exchange *const exchange = reserved_for_;
    cancel_reservation();
    exchange->on_reservation_lost(now);
}

bool UpstreamConnection::follow(const Succession &succession, TimePoint now) {
    if (state_ != State::idle || reserved_for_ != nullptr) return false;
    const auto heir = succession.endpoint(proxy_->runtime().endpoint_number(pool_->endpoint()));
    Proxy &to = succession.to();
    if (!heir || !to.pool(*heir).admits(*this)) {
        drop(now);
        return false;
    }
    proxy_->stats().cluster(pool_->endpoint().cluster).connections_idle.subtract();
    pool_->closed(*this, true, now);
    Proxy &from = *std::exchange(proxy_, &to);
    pool_ = &to.pool(*heir);
    rested_in_ = to.turn();
    lent_in_ = 0;
    from.hand_over(*this, to);
    to.stats().cluster(heir->cluster).connections_idle.add();
    pool_->adopt(*this, now);
    return true;
}

TimePoint UpstreamConnection::deadline() const {
    const config::ClusterTimeouts &timeouts =
        proxy_->runtime().cluster(pool_->endpoint().cluster).config->timeouts;
    switch (state_) {
        case State::connecting:
            return since_ + timeouts.connect;
        case State::discarding:
            return since_ + longest_discard;
        case State::idle:
        case State::leaving:
            return since_ + timeouts.idle;
        case State::busy:
        case State::closed:
            break;
    }
    return TimePoint::max();
}

void UpstreamConnection::on_deadline(TimePoint now) {
    if (now < deadline()) return;
    if (state_ == State::connecting) fail_connect(Reason::connect_timeout, now);
    else close(now);
}

}  // namespace uvoy::proxy
