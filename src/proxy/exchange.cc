#include "proxy/exchange.h"

#include "proxy/proxy.h"
#include "proxy/rewrite.h"

#include <algorithm>
#include <cassert>
#include <utility>

// The flow of the request's body, the ways an exchange may end, and its deadlines.
namespace uvoy::proxy {

namespace {

constexpr std::size_t small_chunk = 512;

}  // namespace

Exchange::Exchange(Proxy &proxy) : proxy_{proxy} {}

Exchange::~Exchange() = default;

std::size_t Exchange::receive(Bytes bytes, TimePoint now) {
    progress_ = now;
    if (tunnel_) {
        if (upstream_ == nullptr || bytes.empty()) return bytes.size();
        upstream_->transport().write(std::span{&bytes, 1});
        journal_.received += bytes.size();
        wrote_upstream();
        return bytes.size();
    }
    if (request_over_ && unsent_.empty() && !after_body_) {  // no body, or one that is on its way
        if (upstream_ != nullptr && !head_sent_) send_bare_head(now);
        finish_if_over(now);
        return 0;
    }
    Gather out{upstream_ != nullptr ? &upstream_->transport() : nullptr};
    Gather *to = upstream_ != nullptr ? &out : nullptr;
    const bool sends_head = to != nullptr && !head_sent_;
    if (sends_head) {
        out.add(head_.view());
        out.add(unsent_);
        if (keeps_body_) out.flush();  // more may be added to what was unsent
        head_sent_ = true;
        sent_at_ = now;
    }
    std::size_t used = 0;
    std::string early;
    while (!request_over_ && used < bytes.size()) {
        const http::BodyDecoder::Step step = body_.decode(bytes.substr(used));
        used += step.consumed;
        if (const Reason reason = judge_body(step); reason != Reason::none) {
            journal_.received += used;
            request_over_ = true;
            on_bad_request_body(reason, now);
            return used;
        }
        // Until there is a connection, small chunks are joined here, as `out` does it later.
        if (to == nullptr && step.data.size() < small_chunk) {
            early.append(step.data);
        } else {
            forward_body(std::exchange(early, {}), to);
            forward_body(step.data, to);
        }
        if (step.state != http::BodyDecoder::State::done) continue;
        forward_body(std::exchange(early, {}), to);
        end_request(to, now);
    }
    forward_body(early, to);
    journal_.received += used;
    if (!request_over_ && used != 0)
        read_due_ = now + proxy_.runtime().config().listeners[session_->listener()].timeouts.body;
    if (after_body_ && request_over_) answer_after_body(now);
    out.flush();
    if (sends_head) {
        if (!keeps_body_) unsent_.clear();
        session_->pause(Session::Pause::connecting, false);
    }
    if (to != nullptr && (sends_head || used != 0)) wrote_upstream();
    finish_if_over(now);
    return used;
}

void Exchange::send_bare_head(TimePoint now) {
    const Bytes head = head_.view();
    upstream_->transport().write(std::span{&head, 1});
    head_sent_ = true;
    sent_at_ = now;
    session_->pause(Session::Pause::connecting, false);
    wrote_upstream();
}

Reason Exchange::judge_body(const http::BodyDecoder::Step &step) {
    if (step.data.size() > body_left_) return Reason::body_too_large;
    body_left_ -= step.data.size();
    switch (step.state) {
        case http::BodyDecoder::State::malformed:
            return Reason::bad_request;
        case http::BodyDecoder::State::trailers_too_large:
            return Reason::headers_too_large;
        case http::BodyDecoder::State::more:
        case http::BodyDecoder::State::done:
            break;
    }
    return Reason::none;
}

void Exchange::forward_body(Bytes data, Gather *out) {
    if (discarding_ || data.empty()) return;
    if (after_body_) {
        unsent_.append(data);
        return;
    }
    const bool chunked = request_framing_.kind == http::Framing::Kind::chunked;
    if (out != nullptr) out->add_data(data, chunked);
    // A body that grows beyond the buffer can only be sent once.
    if (keeps_body_ && out != nullptr && unsent_.size() + data.size() > route_->retry.buffer) {
        keeps_body_ = false;
        unsent_.clear();
    }
    if (out != nullptr && !keeps_body_) return;
    if (chunked) {
        std::array<char, 18> header;
        unsent_.append(http::chunk_header(data.size(), header.data()));
        unsent_.append(data).append("\r\n");
    } else {
        unsent_.append(data);
    }
}

void Exchange::end_request(Gather *out, TimePoint now) {
    request_over_ = request_complete_ = true;
    asked_at_ = now;
    read_due_ = TimePoint::max();
    start_try_clock(now);
    if (discarding_ || after_body_ || request_framing_.kind != http::Framing::Kind::chunked) return;
    proxy_.trailers.clear();
    if (!body_.trailers().empty()) {
        const auto parsed = http::parse_fields(body_.trailers(), {}, proxy_.trailers);
        assert(parsed);  // the decoder has judged the section already
    }
    std::string tail = "0\r\n";  // fits into the string itself unless there are trailers
    append_trailers(tail, proxy_.trailers);
    if (out != nullptr) {
        out->add(tail);
        out->flush();
    }
    if (out == nullptr || keeps_body_) unsent_ += tail;
}

void Exchange::on_bad_request_body(Reason reason, TimePoint now) {
    drop_upstream(now);
    persists_ = false;
    if (response_state_ == Response::none) {
        answer(make_failure(reason, Phase::request_sent), now);
        return;
    }
    if (response_state_ == Response::over) {
        finish(Session::After::close, now);
        return;
    }
    failure_ = make_failure(reason, Phase::response_body);
    finish(Session::After::abort, now);
}

void Exchange::wrote_upstream() {
    proxy_.touch(*upstream_);
    if (is_above_mark(upstream_->transport())) session_->pause(Session::Pause::back_pressure, true);
}

void Exchange::on_upstream_drained(TimePoint now) {
    progress_ = now;
    backlog_ = 0;
    proxy_.touch(*session_);
    session_->pause(Session::Pause::back_pressure, false);
    if (!request_over_)
        read_due_ = now + proxy_.runtime().config().listeners[session_->listener()].timeouts.body;
}

void Exchange::wrote_client(std::size_t bytes, TimePoint now) {
    journal_.sent += bytes;
    proxy_.stats().process().sent_bytes.add(bytes);
    proxy_.touch(*session_);
    session_->wrote(bytes, now);
    if (upstream_ != nullptr && is_above_mark(session_->transport())) upstream_->pause(true);
}

void Exchange::on_client_drained(TimePoint now) {
    progress_ = now;
    if (upstream_ != nullptr) upstream_->pause(false);
}

void Exchange::on_client_end(TimePoint now) {
    if (tunnel_) {
        tunnel_client_over_ = true;
        if (upstream_ != nullptr) upstream_->transport().finish();
        if (tunnel_upstream_over_) finish(Session::After::close, now);
        return;
    }
    // Half-closed after a whole request: the client still wants its answer.
    if (request_over_) return;
    if (response_state_ == Response::over) finish(Session::After::close, now);
    else on_client_lost(Reason::client_closed, now);
}

void Exchange::on_client_lost(Reason reason, TimePoint now) {
    drop_upstream(now);
    if (failure_.reason == Reason::none) {
        failure_ = make_failure(reason, phase());
        if (journal_.status == 0) journal_.status = failure_.status;
    }
    finish(Session::After::abort, now);
}

void Exchange::on_connection(UpstreamConnection &connection, TimePoint now) {
    assert(waiting_ && upstream_ == nullptr);
    waiting_ = false;
    reserved_ = nullptr;
    pending_due_ = TimePoint::max();
    journal_.wait = now - waiting_since_;
    upstream_ = &connection;
    connection.assign(*this, now);
    if (!connection.reused()) journal_.connect = connection.connect_time();
    start_try_clock(now);
    proxy_.touch(*session_);
    receive({}, now);
}

void Exchange::on_no_connection(Reason reason, TimePoint now) {
    assert(waiting_);
    waiting_ = false;
    pending_due_ = TimePoint::max();
    fail(reason, now);
}

void Exchange::on_reservation_lost(TimePoint now) {
    assert(waiting_ && reserved_ != nullptr);
    waiting_ = false;
    reserved_ = nullptr;
    pending_due_ = TimePoint::max();
    seek_another(now);
}

void Exchange::on_taken_back(TimePoint now) {
    assert(upstream_ != nullptr && response_state_ == Response::none);
    upstream_ = nullptr;
    head_sent_ = false;
    try_due_ = TimePoint::max();
    forget_queued();
    seek_another(now);
    start_try_clock(now);
}

void Exchange::seek_another(TimePoint now) {
    proxy_.touch(*session_);
    seek_connection(request_over_ ? Pool::Care::wait : Pool::Care::ask, now);
    // Taken from the pool at once: nobody else will send the head.
    if (upstream_ != nullptr && !head_sent_) receive({}, now);
}

void Exchange::on_upstream_lost(Reason reason, TimePoint now) {
    upstream_ = nullptr;                     // it closes by itself
    if (tunnel_ && tunnel_upstream_over_) {  // it has said all, and the client is to have it
        finish(Session::After::close, now);
        return;
    }
    if (tunnel_) {
        failure_ = make_failure(Reason::reset_in_body, Phase::response_body);
        finish(Session::After::abort, now);
        return;
    }
    fail(reason, now);
}

void Exchange::drop_upstream(TimePoint now) {
    if (waiting_) {
        if (reserved_ != nullptr)
            proxy_.pool(endpoint_).forget_reservation(*std::exchange(reserved_, nullptr), now);
        else proxy_.pool(endpoint_).forget(*this);
        waiting_ = false;
        pending_due_ = TimePoint::max();
    }
    if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon(now);
}

Phase Exchange::phase() const {
    if (response_state_ != Response::none) return Phase::response_body;
    if (head_sent_) return Phase::request_sent;
    return at_ != nullptr ? Phase::connecting : Phase::routing;
}

void Exchange::finish_if_over(TimePoint now) {
    if (session_ == nullptr || response_state_ != Response::over || tunnel_) return;
    if (discarding_ && !request_over_) return;
    finish(persists_ && request_over_ ? Session::After::persist : Session::After::close, now);
}

TimePoint Exchange::deadline() const {
    if (response_state_ == Response::over) {  // the rest of the request is thrown away
        const TimePoint due = std::min(read_due_, discard_due_);
        const auto draining = proxy_.drain_since(session_->listener());
        return draining ? std::min(due, *draining + Proxy::drain_grace) : due;
    }
    if (after_body_) return session_->paused() ? TimePoint::max() : read_due_;
    // While the client is not read it cannot be late.
    TimePoint due = std::min({pending_due_, try_due_, retry_due_});
    if (!session_->paused()) due = std::min(due, read_due_);
    // A client that takes its answer slowly has write_due_ of its session to meet.
    if (route_->idle_timeout > Duration::zero() && !session_->transport().congested())
        due = std::min(due, progress_ + route_->idle_timeout);
    if (!tunnel_ && route_->timeout > Duration::zero())
        due = std::min(due, first_byte_ + route_->timeout);
    return due;
}

void Exchange::on_deadline(TimePoint now) {
    if (response_state_ == Response::over) {  // the rest of the request does not come
        drop_upstream(now);
        finish(Session::After::close, now);
    } else if (now >= pending_due_) {
        on_no_room(now);
    } else if (!session_->paused() && now >= read_due_) {
        on_slow_body(now);
    } else if (!tunnel_ && route_->timeout > Duration::zero() &&
               now >= first_byte_ + route_->timeout) {
        // Whoever has the next move is late, but for a client that could not be read meanwhile.
        const bool waited = journal_.wait > route_->timeout / 2;
        if (session_->transport().queued() != 0) on_client_lost(Reason::client_timeout, now);
        else if (!request_over_ && !session_->paused() && !waited) on_slow_body(now);
        else fail(Reason::route_timeout, now);
    } else if (now >= retry_due_) {
        on_retry_due(now);
    } else if (now >= try_due_) {
        on_late_answer(now);
    } else if (!upstream_takes_bytes(now)) {
        on_idle(now);
    }
}

void Exchange::on_late_answer(TimePoint now) {
    fail(waiting_ ? Reason::connect_timeout : Reason::first_byte_timeout, now);
}

void Exchange::on_no_room(TimePoint now) {
    proxy_.stats().cluster(endpoint_.cluster).overflows[stats::Overflow::pending].add();
    fail(Reason::overflow_pending, now);
}

bool Exchange::upstream_takes_bytes(TimePoint now) {
    if (upstream_ == nullptr || upstream_->transport().queued() == 0) return false;
    const std::size_t backlog =
        upstream_->transport().queued() + upstream_->transport().in_kernel();
    const std::size_t before = std::exchange(backlog_, backlog);
    if (before != 0 && backlog >= before) return false;
    progress_ = now;
    return true;
}

void Exchange::on_idle(TimePoint now) {
    // The next move is the client's.
    if (!tunnel_ && !request_over_ && !session_->paused()) {
        on_slow_body(now);
        return;
    }
    if (!tunnel_) {
        fail(Reason::idle_timeout, now);
        return;
    }
    failure_ = make_failure(Reason::idle_timeout, Phase::response_body);
    finish(Session::After::close, now);
}

void Exchange::on_slow_body(TimePoint now) {
    drop_upstream(now);
    leave_endpoint();
    if (response_state_ != Response::none) {
        on_client_lost(Reason::client_timeout, now);
        return;
    }
    request_over_ = true;
    persists_ = false;
    answer(make_failure(Reason::client_timeout, phase()), now);
}

void Exchange::finish(Session::After after, TimePoint now) {
    assert(session_ != nullptr);
    if (tunnel_client_over_ && tunnel_upstream_over_ && upstream_ != nullptr)
        std::exchange(upstream_, nullptr)->end_tunnel(now);
    drop_upstream(now);
    record(now);
    leave_endpoint();
    leave_retry();
    Session &session = *std::exchange(session_, nullptr);
    proxy_.stats().listener(session.listener()).requests_active.subtract();
    // Unless the client has said that it sends no more, more may be on its way.
    if (after == Session::After::close && !(request_complete_ && client_closes_))
        after = Session::After::linger;
    session.exchange_over(after, failure_.reason, now);  // keeps this until the event is over
}

}  // namespace uvoy::proxy
