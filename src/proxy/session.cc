#include "proxy/session.h"

#include "http/start_line.h"
#include "proxy/exchange.h"
#include "proxy/proxy.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::proxy {

namespace {

Reason reason_of(http::HeadError error) {
    switch (error) {
        case http::HeadError::target_too_long:
            return Reason::target_too_long;
        case http::HeadError::head_too_large:
        case http::HeadError::too_many_fields:
            return Reason::headers_too_large;
        case http::HeadError::malformed:
        case http::HeadError::unsupported_version:
            return Reason::bad_request;
    }
    return Reason::bad_request;
}

/// Of a head that cannot be parsed, or has not come in whole.
bool asks_for_head(Bytes input) {
    while (input.starts_with("\r\n")) input.remove_prefix(2);
    return input.starts_with("HEAD ");
}

}  // namespace

Session::Session(Proxy &proxy, std::unique_ptr<Transport> transport, std::size_t listener,
                 std::string client_ip, const Admission &admission, TimePoint now)
    : proxy_{&proxy},
      transport_{std::move(transport)},
      client_ip_{std::move(client_ip)},
      last_active_{now},
      listener_{static_cast<std::uint32_t>(listener)},
      admission_{admission} {
    proxy_->session_opened(listener_, admission_);
}

Session::~Session() { proxy_->session_closed(listener_, admission_, close_reason_); }

bool Session::may_persist() const {
    const auto limit =
        proxy_->runtime().config().listeners[listener_].limits.requests_per_connection;
    return !proxy_->drain_since(listener_) && !client_ended_ && (limit == 0 || requests_ < limit);
}

void Session::wrote(std::size_t bytes, TimePoint now) {
    written_ += bytes;
    watch_output(now);
}

void Session::watch_output(TimePoint now) {
    if (write_due_ != TimePoint::max() || !transport_->congested()) return;
    write_due_ = now + proxy_->runtime().config().listeners[listener_].timeouts.write;
    left_at_mark_ = written_ - transport_->queued() - transport_->in_kernel();
}

void Session::pause(Pause why, bool on) {
    const auto bit = static_cast<std::uint8_t>(why);
    const auto next = static_cast<std::uint8_t>(on ? paused_ | bit : paused_ & ~bit);
    if (state_ != State::closed && (paused_ == 0) != (next == 0)) {
        if (next != 0) transport_->pause_reading();
        else transport_->resume_reading();
    }
    paused_ = next;
}

std::string Session::take_held() {
    pause(Pause::pipelined, false);
    return std::exchange(held_, {});
}

void Session::finish_output() {
    if (!std::exchange(finished_, true)) transport_->finish();
}

void Session::begin_exchange() {
    ++requests_;
    exchange_ = proxy_->start_exchange();
    exchange_->begin(*this, std::exchange(head_started_, TimePoint{}));
}

void Session::hold(Bytes bytes) {
    held_.append(bytes);
    if (exchange_ != nullptr || blocked()) pause(Pause::pipelined, true);
}

bool Session::blocked() const { return Exchange::is_above_mark(*transport_); }

bool Session::has_sent_all(TimePoint now) {
    if (transport_->queued() == 0) return true;
    watch_output(now);
    return false;
}

void Session::on_bytes(Bytes bytes, TimePoint now) {
    proxy_->touch(*this);
    proxy_->stats().process().received_bytes.add(bytes.size());
    if (state_ == State::lingering) linger(now);
    if (state_ != State::open) return;  // nobody will read it
    if (exchange_ != nullptr && held_.empty()) bytes.remove_prefix(exchange_->receive(bytes, now));
    if (bytes.empty() || state_ != State::open) return;
    if (exchange_ != nullptr) {
        hold(bytes);
    } else if (held_.empty()) {
        bytes.remove_prefix(consume(bytes, now));
        if (state_ == State::open && !bytes.empty()) hold(bytes);
    } else {
        held_.append(bytes);
        advance_held(now);
    }
}

void Session::advance_held(TimePoint now) {
    std::string input = std::exchange(held_, {});
    const std::size_t used = consume(input, now);
    if (state_ != State::open) return;
    if (used == 0) {
        held_ = std::move(input);
        hold({});
    } else if (used < input.size()) {
        hold(Bytes{input}.substr(used));
    }
}

std::size_t Session::consume(Bytes input, TimePoint now) {
    std::size_t used = 0;
    while (state_ == State::open && exchange_ == nullptr && used < input.size() && !blocked()) {
        Bytes rest = input.substr(used);
        if (!read_head(rest, used, now)) break;
    }
    return used;
}

std::size_t Session::start_exchange(std::size_t head_bytes, Bytes rest, TimePoint now) {
    begin_exchange();
    exchange_->start(proxy_->request_head, head_bytes, now);
    // Also without body bytes: the head leaves together with what follows it.
    return exchange_ != nullptr ? exchange_->receive(rest, now) : 0;
}

bool Session::read_head(Bytes &input, std::size_t &used, TimePoint now) {
    const http::HeadLimits &limits = proxy_->runtime().head_limits(listener_);
    if (head_started_ == TimePoint{}) head_started_ = now;
    if (scanner_.fresh()) {
        const std::size_t size = http::parse_whole_request(input, limits, proxy_->request_head);
        if (size != 0) {
            scanner_.reset();  // the empty lines before it are not those before the next
            used += size;
            used += start_exchange(size, input.substr(size), now);
            return true;
        }
    }
    const auto found = scanner_.scan(input, limits);
    if (!found) {
        refuse(found.error(), input, now);
        return false;
    }
    if (found->end == 0) {
        if (found->begin != input.size()) {
            if (!http::may_become_request_line(input.substr(found->begin)))
                refuse(http::HeadError::malformed, input, now);
            return false;
        }
        // Nothing but empty lines (RFC 9112 section 2.2): the connection is as idle as before.
        used += found->begin;
        scanner_.drop_empty_lines();
        head_started_ = TimePoint{};
        return false;
    }
    const Bytes head = input.substr(found->begin, found->end - found->begin);
    scanner_.reset();
    const auto parsed = http::parse_request(head, limits, proxy_->request_head);
    if (!parsed) {
        refuse(parsed.error(), input, now);
        return false;
    }
    used += found->end;
    used += start_exchange(head.size(), input.substr(found->end), now);
    return true;
}

void Session::refuse(http::HeadError error, Bytes input, TimePoint now) {
    Failure failure = make_failure(reason_of(error), Phase::request_head);
    if (error == http::HeadError::unsupported_version) failure.status = 505;
    begin_exchange();
    exchange_->refuse(failure, asks_for_head(input), now);
}

void Session::turn_away(TimePoint now) {
    close_reason_ = admission_.refusal;
    if (!admission_.answered) {
        transport_->reset();
        state_ = State::closed;
        return;
    }
    head_started_ = now;
    begin_exchange();
    exchange_->refuse(make_failure(admission_.refusal, Phase::request_head), false, now);
}

void Session::linger(TimePoint now) {
    if (!has_sent_all(now)) return;  // write_due_ decides until all is said
    if (linger_end_ == TimePoint::max())
        linger_end_ = now + (admission_.refusal != Reason::none ? linger_time : longest_linger);
    linger_until_ = std::min(now + linger_time, linger_end_);
}

void Session::exchange_over(After after, Reason reason, TimePoint now) {
    assert(exchange_ != nullptr);
    proxy_->retire(std::move(exchange_));
    proxy_->touch(*this);
    last_active_ = now;
    if (after == After::abort) {
        transport_->reset();
        state_ = State::closed;
        close_reason_ = reason;
        return;
    }
    paused_ &= static_cast<std::uint8_t>(Pause::pipelined);
    linger_input_ = linger_input_ || after == After::linger;
    if (after != After::persist || client_ended_) {
        close(reason, now);
        return;
    }
    resume_ = !held_.empty();
    if (!resume_) paused_ = 0;
    // The transport may still be paused for a reason that has just gone.
    if (paused_ == 0) transport_->resume_reading();
}

void Session::close(Reason reason, TimePoint now) {
    close_reason_ = reason;
    linger_input_ = (linger_input_ || !held_.empty()) && !client_ended_;
    held_ = {};
    scanner_.reset();
    if (has_sent_all(now) && !linger_input_) {
        state_ = State::closed;
        return;
    }
    // Closing a socket with unread input resets the connection, and the client could lose the
    // answer that it has not read yet (RFC 9112 section 9.6).
    state_ = State::lingering;
    finish_output();
    transport_->resume_reading();  // for whatever reason it was paused
    paused_ = 0;
    linger_until_ = TimePoint::max();
    linger(now);
}

void Session::on_end(TimePoint now) {
    proxy_->touch(*this);
    client_ended_ = true;
    if (state_ == State::lingering) {
        linger_input_ = false;
        if (has_sent_all(now)) state_ = State::closed;
        return;
    }
    if (state_ != State::open) return;
    if (exchange_ != nullptr) exchange_->on_client_end(now);
    else if (!resume_) close(held_.empty() ? Reason::none : Reason::client_closed, now);
}

void Session::on_congested(TimePoint now) {
    proxy_->touch(*this);
    watch_output(now);
}

void Session::on_drained(TimePoint now) {
    proxy_->touch(*this);
    write_due_ = TimePoint::max();
    if (state_ == State::lingering) {
        if (linger_input_) linger(now);
        else state_ = State::closed;
    } else if (exchange_ != nullptr) {
        exchange_->on_client_drained(now);
    } else {
        resume_ = !held_.empty();
    }
}

void Session::on_broken(TimePoint now) {
    proxy_->touch(*this);
    if (state_ == State::open) close_reason_ = Reason::client_closed;
    if (exchange_ != nullptr) exchange_->on_client_lost(Reason::client_closed, now);
    state_ = State::closed;
}

TimePoint Session::idle_deadline() const {
    const config::ListenerTimeouts &timeouts =
        proxy_->runtime().config().listeners[listener_].timeouts;
    if (!held_.empty()) {
        // What is held because the client does not read waits for write_due_.
        return head_started_ == TimePoint{} ? TimePoint::max() : head_started_ + timeouts.headers;
    }
    const TimePoint due = last_active_ + timeouts.keepalive;
    const auto draining = proxy_->drain_since(listener_);
    if (!draining) return due;
    return std::min(due, std::max(last_active_, *draining) + Proxy::drain_grace);
}

TimePoint Session::deadline() const {
    if (state_ == State::lingering) return std::min(linger_until_, write_due_);
    return std::min(write_due_, exchange_ != nullptr ? exchange_->deadline() : idle_deadline());
}

bool Session::check_write_progress(TimePoint now) {
    if (now < write_due_) return true;
    const std::uint64_t left = written_ - transport_->queued() - transport_->in_kernel();
    if (left == left_at_mark_) return false;
    left_at_mark_ = left;
    write_due_ = now + proxy_->runtime().config().listeners[listener_].timeouts.write;
    return true;
}

void Session::on_deadline(TimePoint now) {
    proxy_->touch(*this);
    if (state_ == State::closed) return;
    if (!check_write_progress(now)) {
        if (exchange_ != nullptr) exchange_->on_client_lost(Reason::client_timeout, now);
        if (state_ == State::closed) return;
        transport_->reset();
        state_ = State::closed;
        close_reason_ = Reason::client_timeout;
        return;
    }
    if (state_ == State::lingering) {
        if (now >= linger_until_) state_ = State::closed;
        return;
    }
    if (exchange_ != nullptr) {
        if (now >= exchange_->deadline()) exchange_->on_deadline(now);
    } else if (now >= idle_deadline()) {
        if (held_.empty()) {
            close(Reason::none, now);
        } else {
            const bool head = asks_for_head(std::exchange(held_, {}));
            begin_exchange();
            exchange_->refuse(make_failure(Reason::client_timeout, Phase::request_head), head, now);
        }
    }
}

TimePoint Session::settle(TimePoint now) {
    if (resume_ || admission_.refusal != Reason::none) go_on(now);
    return state_ == State::closed ? done : deadline();
}

void Session::go_on(TimePoint now) {
    if (admission_.refusal != Reason::none && state_ == State::open && exchange_ == nullptr) {
        turn_away(now);
        return;
    }
    if (!resume_ || exchange_ != nullptr || state_ != State::open) return;
    resume_ = false;
    pause(Pause::pipelined, false);
    advance_held(now);
    if (client_ended_ && state_ == State::open && exchange_ == nullptr)
        close(held_.empty() ? Reason::none : Reason::client_closed, now);
}

bool Session::follow(const Succession &succession, TimePoint) {
    if (state_ != State::open || exchange_ != nullptr || admission_.refusal != Reason::none)
        return false;
    const auto heir = succession.listener(listener_);
    if (!heir) return false;
    Proxy &from = *std::exchange(proxy_, &succession.to());
    from.session_moved(listener_, *proxy_, *heir, admission_);
    listener_ = static_cast<std::uint32_t>(*heir);
    admission_.trusted = route::is_trusted(
        proxy_->runtime().config().listeners[listener_].trusted_proxies, client_ip_);
    from.hand_over(*this, *proxy_);
    return true;
}

}  // namespace uvoy::proxy
