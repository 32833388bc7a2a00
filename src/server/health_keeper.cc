#include "server/health_keeper.h"

#include "base/log.h"
#include "server/duration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

std::vector<std::uint16_t> clusters_of_endpoints(const proxy::Runtime &runtime) {
    std::vector<std::uint16_t> clusters;
    for (std::size_t i = 0; i < runtime.clusters().size(); ++i)
        clusters.insert(clusters.end(), runtime.cluster(i).endpoints.size(),
                        static_cast<std::uint16_t>(i));
    return clusters;
}

}  // namespace

HealthKeeper::HealthKeeper(uv::Loop &loop, const proxy::Runtime &runtime, std::uint64_t seed,
                           OnChange on_change)
    : HealthKeeper{loop, {runtime, uv::Loop::now()}, runtime, seed, on_change} {}

HealthKeeper::HealthKeeper(uv::Loop &loop, const proxy::Runtime &runtime, std::uint64_t seed,
                           OnChange on_change, const HealthKeeper &former,
                           const proxy::Heirs &heirs)
    : HealthKeeper{
          loop, {runtime, former.table_, heirs, uv::Loop::now()}, runtime, seed, on_change} {
    arm();
}

HealthKeeper::HealthKeeper(uv::Loop &loop, HealthTable table, const proxy::Runtime &runtime,
                           std::uint64_t seed, OnChange on_change)
    : runtime_{runtime},
      random_{seed},
      on_change_{on_change},
      table_{std::move(table)},
      suspicion_{clusters_of_endpoints(runtime)},
      timer_{loop, Delegate<void()>::bind<&HealthKeeper::on_timer>(*this)} {}

void HealthKeeper::on_check_result(proxy::EndpointId id, const cluster::Health::CheckResult &result,
                                   TimePoint now) {
    on_life(now);
    judge_check(id, result, now);
}

void HealthKeeper::on_silent_check(proxy::EndpointId id, std::string_view detail, TimePoint now) {
    on_silence(id, now);
    if (!table_.frozen()) {
        judge_check(id, {.ok = false, .detail = detail}, now);
        return;
    }
    ++table_.at(id).checks_failed;
    table_.at(id).health.on_void_check(now, random_);
}

void HealthKeeper::judge_check(proxy::EndpointId id, const cluster::Health::CheckResult &result,
                               TimePoint now) {
    EndpointHealth &endpoint = table_.at(id);
    ++(result.ok ? endpoint.checks_passed : endpoint.checks_failed);
    const auto back_at = endpoint.health.back_at();
    const bool changed = endpoint.health.on_check_result(result, now, random_);
    if (endpoint.presence == Presence::trial && endpoint.checks_passed == 1 && result.ok) {
        log::info("cluster {}: new endpoint {} has passed a check",
                  runtime_.cluster(id.cluster).config->name, runtime_.endpoint(id).name);
        on_change_(id.cluster);
    }
    if (changed) on_changed(id);
    if (endpoint.health.back_at() != back_at) arm();
}

void HealthKeeper::on_check_skipped(proxy::EndpointId id, TimePoint now) {
    EndpointHealth &endpoint = table_.at(id);
    ++endpoint.checks_skipped;
    endpoint.health.on_void_check(now, random_);
}

void HealthKeeper::on_life(TimePoint now) {
    suspicion_.on_life(now);
    if (!table_.frozen()) return;
    table_.set_frozen(false);
    log::warning("an endpoint gave a sign of life: health is judged as usual again");
}

void HealthKeeper::on_silence(proxy::EndpointId id, TimePoint now) {
    if (!suspicion_.on_silence(runtime_.endpoint_number(id), now) || table_.frozen()) return;
    // Healthy a while ago, and such that silence would be noticed.
    std::vector<bool> counts(runtime_.dimensions().endpoints);
    table_.for_each([&](proxy::EndpointId each, const EndpointHealth &endpoint) {
        const auto type = runtime_.cluster(each.cluster).config->health_check.type;
        const bool watched = type != config::HealthCheck::Type::none ||
                             suspicion_.silent(runtime_.endpoint_number(each), now);
        const Duration age = now - endpoint.health.since();
        counts[runtime_.endpoint_number(each)] =
            endpoint.presence == Presence::member && watched &&
            (endpoint.health.healthy() || age <= cluster::Suspicion::span);
    });
    if (suspicion_.justified(now, [&](std::size_t number) { return counts[number]; })) freeze(now);
}

void HealthKeeper::freeze(TimePoint now) {
    table_.set_frozen(true);
    log::warning(
        "nearly all endpoints of all clusters fell silent at once: the network of this host is "
        "suspected, and nobody is taken out until one of them gives a sign of life");
    table_.for_each([&](proxy::EndpointId id, EndpointHealth &endpoint) {
        const bool just_out =
            !endpoint.health.healthy() && now - endpoint.health.since() <= cluster::Suspicion::span;
        if (!just_out || !suspicion_.silent(runtime_.endpoint_number(id), now)) return;
        endpoint.health.pardon("as before all fell silent", now);
        on_changed(id);
    });
    arm();
}

void HealthKeeper::add_like(proxy::EndpointId id, proxy::EndpointId former) {
    table_.at(id) = table_.at(former);
    arm();
}

void HealthKeeper::remove(proxy::EndpointId id) {
    table_.at(id).presence = Presence::absent;
    arm();
}

bool HealthKeeper::eject(proxy::EndpointId id, cluster::EjectionCause cause, std::string why,
                         TimePoint now) {
    const auto &settings = runtime_.cluster(id.cluster).config->outlier_detection;
    if (!may_eject(table_.census(id), settings->max_ejected.basis_points)) return false;
    table_.at(id).health.eject(cause, std::move(why), now);
    on_changed(id);
    arm();
    return true;
}

void HealthKeeper::recall(proxy::EndpointId id, cluster::EjectionCause cause, std::string why,
                          TimePoint now) {
    EndpointHealth &endpoint = table_.at(id);
    if (!endpoint.takes_requests() || !endpoint.health.recall(cause, std::move(why), now)) return;
    on_changed(id);
    arm();
}

cluster::Trial::Verdict HealthKeeper::on_sight(proxy::EndpointId id,
                                               const cluster::Trial::Sight &sight, TimePoint now) {
    cluster::Health &health = table_.at(id).health;
    const std::uint16_t before = health.trial_share();
    const cluster::Trial::Verdict verdict = health.on_sight(sight, now);
    if (verdict == cluster::Trial::Verdict::passed) on_trial_ended(id);
    else if (health.trial_share() != before) on_change_(id.cluster);
    return verdict;
}

void HealthKeeper::end_trial(proxy::EndpointId id, std::string why) {
    table_.at(id).health.end_trial(std::move(why));
    on_trial_ended(id);
}

void HealthKeeper::on_trial_ended(proxy::EndpointId id) {
    log::info("cluster {}: endpoint {} is no longer on trial ({})",
              runtime_.cluster(id.cluster).config->name, runtime_.endpoint(id).name,
              table_.at(id).health.explanation());
    on_change_(id.cluster);
}

void HealthKeeper::set_share(proxy::EndpointId id, std::uint16_t share, Duration latency) {
    if (table_.at(id).presence != Presence::member || table_.at(id).share == share) return;
    table_.at(id).share = share;
    log::info("cluster {}: endpoint {} gets {} % of its share: it took {} to answer lately",
              runtime_.cluster(id.cluster).config->name, runtime_.endpoint(id).name,
              share * 100 / cluster::full_ramp, duration_text(latency));
    on_change_(id.cluster);
}

void HealthKeeper::on_changed(proxy::EndpointId id) {
    EndpointHealth &endpoint = table_.at(id);
    const cluster::Health &health = endpoint.health;
    std::string state = health.healthy() ? "healthy" : "unhealthy";
    state += " (" + health.explanation() + ")";
    if (!health.healthy()) {
        ++endpoint.ejections[static_cast<std::size_t>(health.cause())];
        const Duration least = health.backoff().length();
        if (least > Duration::zero()) state += ", out for at least " + duration_text(least);
    }
    log::write(health.healthy() ? log::Level::info : log::Level::warning,
               fmt::format("cluster {}: endpoint {} is {}, {} of {} healthy",
                           runtime_.cluster(id.cluster).config->name, runtime_.endpoint(id).name,
                           state, table_.healthy_count(id.cluster), table_.size(id.cluster)));
    on_change_(id.cluster);
}

void HealthKeeper::on_timer() {
    const TimePoint now = uv::Loop::now();
    table_.for_each([&](proxy::EndpointId id, EndpointHealth &endpoint) {
        if (endpoint.health.on_time(now)) on_changed(id);
    });
    arm();
}

void HealthKeeper::arm() {
    TimePoint due = TimePoint::max();
    table_.for_each([&](proxy::EndpointId, const EndpointHealth &endpoint) {
        if (const auto back = endpoint.health.back_at()) due = std::min(due, *back);
    });
    if (due == TimePoint::max()) timer_.cancel();
    else timer_.arm_at(due);
}

}  // namespace uvoy::server
