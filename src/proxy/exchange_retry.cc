#include "http/head.h"
#include "proxy/exchange.h"
#include "proxy/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

// What a failed try means: another one, or an answer.
namespace uvoy::proxy {

namespace {

/// Anything up to the `number`th retry's longest wait: full jitter, so that those who failed
/// together do not come back together (Brooker 2015).
Duration backoff(const config::Backoff &settings, std::size_t number, Random &random) {
    constexpr std::size_t most_doublings = 20;
    const Duration doubled = settings.first * (1 << std::min(number - 1, most_doublings));
    const auto longest = static_cast<std::uint64_t>(std::min(doubled, settings.longest).count());
    return Duration{static_cast<Duration::rep>(random.next() % (longest + 1))};
}

}  // namespace

void Exchange::fail(Reason reason, TimePoint now) {
    proxy_.touch(*session_);
    const Failure failure = make_failure(reason, phase());
    // A tunnel may end in any way; that says nothing of the endpoint.
    if (at_ != nullptr && failure.side == Side::upstream && !tunnel_) note_failure(reason, now);
    drop_upstream(now);
    leave_endpoint();
    leave_retry();
    if (response_state_ != Response::none) {
        failure_ = failure;
        finish(Session::After::abort, now);
        return;
    }
    if (route_ != nullptr && covers(retry_classes(), reason) && may_try_again()) {
        // The race of a request with the end of an idle connection is nobody's fault.
        if (reason != Reason::stale_connection) tell_retried(failure, 0, now);
        const bool unseen = !std::exchange(head_sent_, false);
        // What no endpoint has seen costs nobody anything yet.
        if (unseen && tries_ == 1 && enter_retry()) try_again(now);
        else back_off(now);
        return;
    }
    give_up(failure, now);
}

void Exchange::note_failure(Reason reason, TimePoint now) {
    proxy_.stats().endpoint(proxy_.runtime().endpoint_number(endpoint_)).failures[reason].add();
    // An answer without an end is cut by the route's clocks, whoever sends it.
    const bool by_clock = reason == Reason::route_timeout || reason == Reason::idle_timeout;
    if (by_clock && response_state_ != Response::none) {
        proxy_.stats().endpoint(proxy_.runtime().endpoint_number(endpoint_)).cut_by_clock.add();
        return;
    }
    // An endpoint may close what is idle; the race with a request is nobody's fault.
    if (reason != Reason::stale_connection) {
        at_->note_failure();
        note_latency(false, now);
    }
    proxy_.ports().observer->on_endpoint_failure(
        {.endpoint = endpoint_, .reason = reason, .began = tried_at_, .at = now});
    // Of an endpoint that is out it is known that it alone is late: that says nothing of the
    // others.
    if (reason == Reason::first_byte_timeout && !proxy_.ports().balancer->is_out(endpoint_))
        proxy_.runtime().cluster(endpoint_.cluster).retry_credit.spend();
}

void Exchange::give_up(const Failure &failure, TimePoint now) {
    using Result = stats::RetryResult;
    auto &retries = proxy_.stats().cluster(endpoint_.cluster).retries;
    if (failure.reason == Reason::retry_budget_spent) retries[Result::budget].add();
    else if (tries_ > 1)
        retries[tries_ > route_->retry.attempts ? Result::exhausted : Result::failure].add();
    answer(failure, now);
}

const RetryClasses &Exchange::retry_classes() const {
    const Runtime &runtime = proxy_.runtime();
    return runtime.retry_classes(static_cast<std::size_t>(route_ - runtime.config().routes.data()));
}

bool Exchange::may_try_again() const {
    if (tries_ > route_->retry.attempts || tries_ == max_tries) return false;
    // Before the head left, nobody can have acted on the request (RFC 9110 section 9.2.2).
    if (!head_sent_) return true;
    return http::is_idempotent(method_) &&
           (request_framing_.kind == http::Framing::Kind::none || keeps_body_);
}

bool Exchange::retries_answer(int status, TimePoint now) {
    if (!retry_classes().statuses.test(static_cast<std::size_t>(status)) || !may_try_again())
        return false;
    // Without room in the budget the answer that is there is the best one to have.
    leave_retry();
    if (!enter_retry()) return false;
    tell_retried(make_failure(Reason::error_status, Phase::response_head), status, now);
    std::exchange(upstream_, nullptr)->discard(request_complete_ && !may_be_misread(), now);
    leave_endpoint();
    head_sent_ = false;
    back_off(now);
    return true;
}

void Exchange::back_off(TimePoint now) {
    if (!retrying_) give_up_due_ = std::min(give_up_due_, now + cluster().limits.pending_timeout);
    retry_due_ = now + backoff(route_->retry.backoff, tries_, proxy_.random());
    // The client's connection stays as it is, but for a body that has nowhere to go.
    if (!request_over_) session_->pause(Session::Pause::connecting, true);
    forget_queued();
    proxy_.touch(*session_);
}

void Exchange::forget_queued() {
    session_->pause(Session::Pause::back_pressure, false);
    backlog_ = 0;
}

void Exchange::on_retry_due(TimePoint now) {
    retry_due_ = TimePoint::max();
    if (retrying_ || enter_retry()) try_again(now);
    else if (now >= give_up_due_)
        give_up(make_failure(Reason::retry_budget_spent, Phase::routing), now);
    else back_off(now);
}

void Exchange::try_again(TimePoint now) {
    give_up_due_ = TimePoint::max();
    head_.cut(head_size_);
    TextWriter{head_}.add("X-Uvoy-Attempt: ").number(tries_ + 1).add("\r\n\r\n");
    try_next(now);
    // Taken from the pool at once: nobody else will send the head.
    if (upstream_ != nullptr && !head_sent_) receive({}, now);
}

bool Exchange::enter_retry() {
    const ClusterRuntime &cluster = proxy_.runtime().cluster(endpoint_.cluster);
    const config::RetryBudget &budget = cluster.config->retry_budget;
    std::uint64_t room = budget.min;
    const Balancer &balancer = *proxy_.ports().balancer;
    if (cluster.retry_credit.good() || balancer.is_out(endpoint_)) {
        const std::uint64_t in_flight = balancer.in_flight(endpoint_.cluster) + 1;  // with this one
        room = std::max(room, in_flight * budget.ratio.basis_points / 10'000);
    }
    if (cluster.retries.fetch_add(1, std::memory_order_relaxed) < room) {
        retrying_ = true;
        return true;
    }
    cluster.retries.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void Exchange::leave_retry() {
    if (std::exchange(retrying_, false))
        proxy_.runtime().cluster(endpoint_.cluster).retries.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace uvoy::proxy
