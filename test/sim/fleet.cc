#include "fleet.h"

#include <algorithm>
#include <utility>

namespace uvoy::sim {

namespace {

using namespace std::chrono_literals;
using cluster::EndpointState;
using cluster::full_ramp;

constexpr std::size_t servers = 5;
constexpr std::uint32_t failures_to_eject = 5;
constexpr std::uint32_t failure_ratio = 5'000;
constexpr std::uint32_t max_ejected = 5'000;
constexpr Duration check_timeout = 500ms;
constexpr Duration look = 250ms;

/// Time for enough checks to be made and to fail, each as late as it may be: whatever is broken for
/// longer is out.
constexpr Duration detection = 1'100ms + 2 * check_timeout + 200ms;
/// The same for a return, once its time is served.
constexpr Duration recovery = 1'100ms + check_timeout + 400ms;

/// The same in all runs, for its ring is the most expensive part of a run.
const std::shared_ptr<const cluster::Membership> &membership() {
    static const auto shared = [] {
        constexpr std::uint32_t weights[servers]{1, 1, 2, 3, 1};
        std::vector<std::shared_ptr<cluster::Endpoint>> endpoints;
        for (std::uint16_t i = 0; i < servers; ++i) {
            const std::string name = "e" + std::to_string(i);
            endpoints.push_back(std::make_shared<cluster::Endpoint>(cluster::Endpoint::Identity{
                .name = name, .address = name, .weight = weights[i], .index = i}));
        }
        return std::make_shared<const cluster::Membership>(std::move(endpoints),
                                                           cluster::Balancing{.hash_seed = 1});
    }();
    return shared;
}

}  // namespace

Fleet::Fleet(std::uint64_t seed)
    : scheduler_{seed},
      settings_{.backoff = {.first = std::chrono::milliseconds{scheduler_.between(0, 2'000)},
                            .longest = 4s}},
      membership_{membership()},
      // A slow start publishes often, which takes its time.
      slow_start_{scheduler_.chance(5) ? Duration{3s} : Duration::zero(), membership_->endpoints()},
      peace_{scheduler_.now() + std::chrono::seconds{scheduler_.between(2, 10)}},
      end_{peace_ + 20s} {
    for (const auto &endpoint : membership_->endpoints()) endpoint->failures_in_row = 0;
    for (std::size_t i = 0; i < servers; ++i) {
        servers_.emplace_back(settings_, scheduler_.now());
        schedule_check(i);
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(0, 6'000)},
                         [this, i] { break_or_mend(i); });
    }
    snapshot_ =
        std::make_unique<const cluster::Snapshot>(membership_, std::vector<EndpointState>(servers));
    scheduler_.after(1ms, [this] { request(); });
    scheduler_.after(1s, [this] { judge_window(); });
    scheduler_.after(look, [this] { look_at_trials(); });
}

std::string Fleet::run() {
    while (complaint_.empty() && scheduler_.next() < end_) {
        scheduler_.run_next();
        watch();
    }
    if (!complaint_.empty()) return complaint_;
    for (std::size_t i = 0; i < servers; ++i)
        if (snapshot_->state(static_cast<std::uint16_t>(i)) != EndpointState{})
            complain("endpoint " + std::to_string(i) + " has not come home");
    return complaint_;
}

void Fleet::break_or_mend(std::size_t index) {
    Server &server = servers_[index];
    const bool breaks = server.condition == Condition::well && scheduler_.now() < peace_;
    const auto kind = static_cast<Condition>(1 + scheduler_.random.below(3));
    server.condition = breaks ? kind : Condition::well;
    server.since = scheduler_.now();
    // Some flap, others are gone for long.
    const std::uint32_t longest = scheduler_.chance(50) ? 1'500 : 8'000;
    if (breaks || scheduler_.now() < peace_)
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(10, longest)},
                         [this, index] { break_or_mend(index); });
}

void Fleet::schedule_check(std::size_t index) {
    Server &server = servers_[index];
    const std::uint64_t number = ++server.checks;
    const Duration delay =
        std::max(Duration::zero(), server.health.next_check() - scheduler_.now());
    // Brought forward, an earlier appointment is void.
    scheduler_.after(delay, [this, index, number] {
        if (servers_[index].checks == number) check(index);
    });
}

void Fleet::check(std::size_t index) {
    Server &server = servers_[index];
    const bool silent = server.condition == Condition::silent;
    const std::uint64_t number = ++server.checks;
    scheduler_.after(silent ? check_timeout : Duration{1ms}, [this, index, number, silent] {
        Server &checked = servers_[index];
        if (checked.checks != number) return;
        // Whoever fails requests may well take connections.
        const bool ok = !silent && checked.condition != Condition::refusing;
        if (checked.health.on_check_result({.ok = ok, .detail = {}}, scheduler_.now(),
                                           scheduler_.random)) {
            if (!checked.health.healthy()) ++ejections_;
            publish();
        }
        if (const auto back = checked.health.back_at()) wake_at(*back);
        schedule_check(index);
    });
}

void Fleet::request() {
    if (scheduler_.now() < peace_)
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 20)},
                         [this] { request(); });
    std::uint32_t cursor = 0;
    const std::uint16_t picked = snapshot_->pick({.hash = scheduler_.random.next(),
                                                  .random = scheduler_.random,
                                                  .cursor = cursor,
                                                  .tried = {}});
    if (picked == cluster::no_endpoint) return;
    Server &server = servers_[picked];
    ++server.window.tries;
    if (server.condition == Condition::well) {
        ++server.window.answers;
        ++server.sight.answers;
        snapshot_->endpoint(picked)->note_success();
    } else if (server.condition == Condition::silent) {
        ++server.sight.in_flight;
        scheduler_.after(1s, [this, index = picked, began = scheduler_.now()] {
            --servers_[index].sight.in_flight;
            fail(index, began);
        });
    } else {
        fail(picked, scheduler_.now());
    }
}

void Fleet::fail(std::size_t index, TimePoint began) {
    Server &server = servers_[index];
    ++server.window.failed;
    ++server.sight.failed;
    const auto &endpoints = membership_->endpoints();
    endpoints[index]->note_failure();
    const TimePoint due = server.health.next_check();
    server.health.on_passive_failure(scheduler_.now());
    if (server.health.next_check() < due) schedule_check(index);
    std::vector<std::uint32_t> others;
    for (std::size_t i = 0; i < servers; ++i)
        if (i != index && servers_[i].health.healthy() && !servers_[i].health.on_trial())
            others.push_back(endpoints[i]->failures_in_row);
    const bool on_trial = server.health.on_trial() && began >= server.health.since();
    const std::uint32_t in_row =
        on_trial ? failures_to_eject : endpoints[index]->failures_in_row.load();
    if (!cluster::fails_alone(in_row, failures_to_eject, others)) return;
    eject(index, cluster::EjectionCause::consecutive_failures);
    if (on_trial && !server.health.healthy()) ++failed_trials_;
}

void Fleet::look_at_trials() {
    bool changed = false;
    for (Server &server : servers_) {
        cluster::Trial::Sight sight{.in_flight = server.sight.in_flight};
        std::swap(sight, server.sight);
        if (!server.health.on_trial()) continue;
        const std::uint16_t before = server.health.trial_share();
        server.health.on_sight(sight, scheduler_.now());
        changed = changed || server.health.trial_share() != before;
        if (!server.health.on_trial() && sight.answers > 0) ++passed_trials_;
    }
    if (changed) publish();
    scheduler_.after(look, [this] { look_at_trials(); });
}

void Fleet::judge_window() {
    std::vector<cluster::Traffic> window;
    for (Server &server : servers_) window.push_back(std::exchange(server.window, {}));
    for (const std::size_t index : cluster::failing_outliers(window, failure_ratio))
        eject(index, cluster::EjectionCause::failure_ratio);
    scheduler_.after(1s, [this] { judge_window(); });
}

void Fleet::eject(std::size_t index, cluster::EjectionCause cause) {
    Server &server = servers_[index];
    if (!server.health.healthy() || !cluster::may_eject(census(index), max_ejected)) return;
    server.health.eject(cause, "as the run has it", scheduler_.now());
    ++ejections_;
    if (const auto back = server.health.back_at()) wake_at(*back);
    publish();
}

cluster::Census Fleet::census(std::size_t judged) const {
    cluster::Census census{.endpoints = servers};
    for (const Server &server : servers_) census.count(server.health, &server == &servers_[judged]);
    return census;
}

void Fleet::wake_at(TimePoint time) {
    scheduler_.after(std::max(Duration::zero(), time - scheduler_.now()), [this] {
        bool changed = false;
        for (Server &server : servers_) {
            const auto back = server.health.back_at();
            if (back && *back <= scheduler_.now() && server.health.on_time(scheduler_.now()))
                changed = true;
        }
        if (changed) publish();
    });
}

void Fleet::publish() {
    ++publishes_;
    std::vector<EndpointState> states;
    for (const Server &server : servers_)
        states.push_back(
            {.healthy = server.health.healthy(), .trial = server.health.trial_share()});
    slow_start_.apply(membership_->endpoints(), states, scheduler_.now());
    if (const auto step = slow_start_.next_step())
        scheduler_.after(*step - scheduler_.now(), [this, step = *step] {
            if (slow_start_.next_step() == step) publish();
        });
    auto next = std::make_unique<const cluster::Snapshot>(membership_, std::move(states));
    compare(*snapshot_, *next);
    snapshot_ = std::move(next);
}

/// A key moves only because its endpoint goes or gives something up, or because another takes its
/// own back.
void Fleet::compare(const cluster::Snapshot &before, const cluster::Snapshot &after) {
    const auto share = [](const cluster::Snapshot &snapshot, std::uint16_t index) {
        return snapshot.ramp(index);
    };
    for (std::uint32_t sample = 0; sample < 65'536; sample += 29) {
        const std::uint64_t hash = std::uint64_t{sample} << 48;
        const std::uint16_t from = before.ring()->pick(hash);
        const std::uint16_t to = after.ring()->pick(hash);
        const std::uint16_t home =
            membership_->levels().front().ring->choices(static_cast<std::uint16_t>(sample)).front();
        if (share(after, home) == full_ramp && to != home) complain("a key is not at home");
        if (to != from && share(after, from) >= share(before, from) &&
            share(after, to) <= share(before, to))
            complain("a key moved without a cause");
    }
}

void Fleet::watch() {
    const TimePoint now = scheduler_.now();
    std::size_t ejected = 0;
    for (const Server &server : servers_) {
        const cluster::Health &health = server.health;
        if (health.ejected_by_traffic()) ++ejected;
        // Six steps of a second, each on a look, and two requests may each have waited for one.
        if (health.on_trial() && now > peace_ + 10s && now > health.since() + 10s)
            complain("a trial does not end");
        const bool dead =
            server.condition == Condition::refusing || server.condition == Condition::silent;
        if (dead && health.healthy() && now > server.since + detection)
            complain("a dead endpoint is not out");
        if (server.condition == Condition::well && !health.healthy() &&
            now > server.since + recovery && now > health.backoff().until() + recovery)
            complain("a good endpoint is not in");
    }
    if (ejected * 2 > servers) complain("too many endpoints are out by traffic");
}

void Fleet::complain(const std::string &text) {
    if (complaint_.empty()) complaint_ = text;
}

}  // namespace uvoy::sim
