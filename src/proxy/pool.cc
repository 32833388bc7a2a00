#include "proxy/pool.h"

#include "proxy/exchange.h"
#include "proxy/proxy.h"
#include "proxy/upstream_connection.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <memory>

namespace uvoy::proxy {

bool Pool::may_dial() const {
    return total_ < proxy_.runtime().cluster(endpoint_.cluster).connections_per_worker;
}

void Pool::turn_to(std::uint32_t generation, TimePoint now) {
    if (generation == generation_) return;
    // Nobody waits, for nobody is at the former endpoint any more; see cluster::EndpointSlots.
    assert(waiting_.empty());
    generation_ = generation;
    while (!idle_.empty()) {
        UpstreamConnection *connection = idle_.back();
        idle_.pop_back();
        connection->drop(now);
    }
}

/// The last that became idle before this turn.
UpstreamConnection *Pool::take_for_loan() {
    const auto place = std::find_if(idle_.rbegin(), idle_.rend(), [](const auto *connection) {
        return connection->rested_before_turn();
    });
    if (place == idle_.rend()) return nullptr;
    UpstreamConnection *connection = *place;
    idle_.erase(std::next(place).base());
    return connection;
}

Pool::Acquired Pool::acquire(Exchange &exchange, std::uint32_t generation, Care care,
                             TimePoint now) {
    turn_to(generation, now);
    if (care == Care::lend && proxy_.may_lend()) {
        if (UpstreamConnection *connection = take_for_loan()) {
            connection->lend();
            return {.outcome = Outcome::ready, .connection = connection};
        }
    }
    while (!idle_.empty()) {
        UpstreamConnection *connection = idle_.back();
        idle_.pop_back();
        if (!proxy_.ports().ends_turns)
            return {.outcome = Outcome::ready, .connection = connection};
        if (care != Care::ask) {
            connection->reserve(exchange);
            return {.outcome = Outcome::reserved, .connection = connection};
        }
        if (!connection->transport().has_input())
            return {.outcome = Outcome::ready, .connection = connection};
        connection->drop(now);
    }
    auto &stats = proxy_.stats().cluster(endpoint_.cluster);
    const bool dials = may_dial();
    if (!dials) {
        stats.overflows[stats::Overflow::connections].add();
        if (proxy_.pending(endpoint_.cluster) >=
            proxy_.runtime().cluster(endpoint_.cluster).pending_per_worker) {
            stats.overflows[stats::Overflow::pending].add();
            return {.outcome = Outcome::full};
        }
    }
    waiting_.push_back(&exchange);
    ++proxy_.pending(endpoint_.cluster);
    stats.pending.add();
    if (dials) dial(now);
    return {.outcome = Outcome::waiting, .dialled = dials};
}

void Pool::dial(TimePoint now) {
    ++total_;
    ++connecting_;
    auto connection = std::make_unique<UpstreamConnection>(proxy_, *this, now);
    UpstreamConnection &opened = *connection;
    proxy_.adopt(std::move(connection));
    opened.open(now);
}

Exchange *Pool::take_waiter() {
    if (waiting_.empty()) return nullptr;
    Exchange *exchange = waiting_.front();
    forget(*exchange);
    return exchange;
}

void Pool::give_up_youngest(Reason reason, TimePoint now) {
    Exchange *exchange = waiting_.back();
    forget(*exchange);
    exchange->on_no_connection(reason, now);
}

void Pool::forget(Exchange &exchange) {
    const auto place = std::ranges::find(waiting_, &exchange);
    assert(place != waiting_.end());
    waiting_.erase(place);
    --proxy_.pending(endpoint_.cluster);
    proxy_.stats().cluster(endpoint_.cluster).pending.subtract();
}

void Pool::forget_reservation(UpstreamConnection &connection, TimePoint now) {
    connection.cancel_reservation();
    offer(connection, now);
}

void Pool::offer(UpstreamConnection &connection, TimePoint now) {
    Exchange *const exchange = take_waiter();
    if (exchange == nullptr) {
        idle_.push_back(&connection);
    } else if (proxy_.ports().ends_turns) {
        exchange->on_reserved(connection);
        connection.reserve(*exchange);
    } else {
        exchange->on_connection(connection, now);
    }
}

bool Pool::admits(const UpstreamConnection &connection) const {
    return total_ == 0 || connection.generation() == generation_;
}

void Pool::adopt(UpstreamConnection &connection, TimePoint now) {
    generation_ = connection.generation();
    ++total_;
    offer(connection, now);
}

void Pool::connected(UpstreamConnection &connection, TimePoint now) {
    assert(connecting_ != 0);
    --connecting_;
    ready(connection, now);
}

void Pool::ready(UpstreamConnection &connection, TimePoint now) {
    connection.rest(now);
    if (connection.generation() != generation_) {
        connection.drop(now);
        return;
    }
    offer(connection, now);
}

void Pool::connect_failed(Reason reason, TimePoint now) {
    assert(connecting_ != 0 && total_ != 0);
    --connecting_;
    --total_;
    // Those for whom another connection is on its way go on waiting.  The youngest gives way, for
    // a retry that dials again stands at the end, and must not fail those before it.
    if (waiting_.size() > connecting_) give_up_youngest(reason, now);
    // With no connection left there is nothing to wait for, unless a retry has just dialled.  As
    // long as one lives, the others wait for it: to dial again would fail them one by one.
    while (total_ == 0 && !waiting_.empty()) give_up_youngest(reason, now);
}

void Pool::closed(UpstreamConnection &connection, bool was_idle, TimePoint now) {
    assert(total_ != 0);
    --total_;
    if (was_idle) {
        const auto place = std::ranges::find(idle_, &connection);
        if (place != idle_.end()) idle_.erase(place);
    }
    // Room for one that waited for the limit.
    if (waiting_.size() > connecting_ && may_dial()) dial(now);
}

}  // namespace uvoy::proxy
