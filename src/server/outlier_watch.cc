#include "server/outlier_watch.h"

#include "server/duration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace uvoy::server {

namespace {

/// After a failure that did not eject an endpoint, its next one is looked at that much later: a
/// look costs as much as the cluster has endpoints.
constexpr Duration pause = std::chrono::milliseconds{10};

/// A tick that comes later finds counters of another time: this process was held up, not they.
constexpr Duration too_late = 2 * OutlierWatch::window;

/// What the endpoint kept silent about, while all others say something about it.
bool is_silence(Reason reason) {
    return reason == Reason::first_byte_timeout || reason == Reason::route_timeout ||
           reason == Reason::idle_timeout || reason == Reason::connect_timeout;
}

cluster::Traffic traffic_of(const stats::EndpointFields<stats::Summed> &sum) {
    cluster::Traffic traffic{.tries = sum.answers,
                             .failed = sum.errors,
                             .answers = sum.answers,
                             .errors = sum.errors,
                             .latency_nanoseconds = sum.latency_nanoseconds};
    for (std::size_t i = 0; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        if (reason == Reason::stale_connection) continue;  // the race of a closed idle connection
        traffic.failed += sum.failures[reason];
        // A body that broke off is a try whose head was counted.
        if (reason != Reason::reset_in_body) traffic.tries += sum.failures[reason];
    }
    // Streams that ended as the configuration has it: they were counted by their heads.
    const std::uint64_t cut = std::min(sum.cut_by_clock, traffic.failed);
    traffic.failed -= cut;
    traffic.tries -= std::min(cut, traffic.tries);
    return traffic;
}

std::string tries_text(std::uint64_t count) {
    return fmt::format("{} {}", count, count == 1 ? "try" : "tries");
}

}  // namespace

OutlierWatch::OutlierWatch(uv::Loop &loop, const proxy::Runtime &runtime, HealthKeeper &keeper)
    : runtime_{runtime},
      keeper_{keeper},
      timer_{loop, Delegate<void()>::bind<&OutlierWatch::on_tick>(*this)} {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        const auto &settings = cluster.config->outlier_detection;
        const std::size_t size = cluster.endpoints.size();
        clusters_.push_back({.settings = settings ? &*settings : nullptr,
                             .endpoints = std::vector<Endpoint>(size),
                             .latency = {size, settings ? settings->latency_ratio : 0}});
    }
}

void OutlierWatch::inherit(const OutlierWatch &former, const proxy::Heirs &heirs) {
    for (std::size_t i = 0; i < former.clusters_.size(); ++i) {
        const proxy::ClusterRuntime &before = former.runtime_.cluster(i);
        for (std::size_t j = 0; j < before.endpoints.size(); ++j) {
            const auto heir = heirs.endpoints[before.first_endpoint + j];
            if (!heir || clusters_[heir->cluster].settings == nullptr ||
                former.clusters_[i].settings == nullptr)
                continue;
            clusters_[heir->cluster].latency.inherit(heir->index, former.clusters_[i].latency, j);
        }
    }
}

void OutlierWatch::start(stats::Workers workers) {
    workers_ = workers;
    ticked_ = window_began_ = uv::Loop::now();
    timer_.arm(sampling);
}

void OutlierWatch::note_signs(const proxy::EndpointFailure &failure) {
    // Nothing came over the network.  What ended a body may have been on its way for long.
    if (is_silence(failure.reason) || failure.reason == Reason::connect_failed)
        keeper_.on_silence(failure.endpoint, failure.at);
    else if (failure.reason != Reason::none) keeper_.on_life(failure.at);
}

void OutlierWatch::on_failure(const proxy::EndpointFailure &failure) {
    note_signs(failure);
    if (keeper_.table().frozen()) return;
    const proxy::EndpointId id = failure.endpoint;
    Cluster &cluster = clusters_[id.cluster];
    if (cluster.settings == nullptr || failure.reason == Reason::stale_connection) return;
    const EndpointHealth &known = keeper_.table().at(id);
    // A try from before it came back says nothing about what it is now.
    if (!known.takes_requests() || failure.began < known.health.since()) return;
    const bool on_trial = known.health.on_trial() && failure.reason != Reason::none;
    if (cluster.settings->consecutive_failures == 0 && !on_trial) return;
    Endpoint &endpoint = cluster.endpoints[id.index];
    if (failure.at < endpoint.look_again_at) return;

    // To wait for what is silent takes long: half of what this try took, for all who wait there.
    Duration patience = Duration::max();
    if (is_silence(failure.reason) && !on_trial) patience = (failure.at - failure.began) / 2;
    if (patience < sampling) patience = Duration::max();
    const std::uint32_t in_row =
        runtime_.endpoint(id).failures_in_row.load(std::memory_order_relaxed);
    if (patience == Duration::max() && in_row < threshold(id.cluster) && !on_trial) return;
    look(id.cluster, failure.at);
    endpoint.look_again_at = failure.at + pause;
    const std::uint32_t failing_here = failing(id, patience, failure.at);
    if (!fails_alone(failure, on_trial ? threshold(id.cluster) : failing_here, patience)) return;

    std::string why = on_trial ? "a try failed on trial" : tries_text(in_row) + " failed in a row";
    if (failure.reason != Reason::none) why.append(": ").append(name(failure.reason));
    if (in_row < threshold(id.cluster) && !on_trial)
        why += fmt::format(", and {} more wait for an answer",
                           runtime_.endpoint(id).in_flight.load(std::memory_order_relaxed));
    keeper_.eject(id, cluster::EjectionCause::consecutive_failures, std::move(why), failure.at);
}

void OutlierWatch::on_lost_reports(TimePoint now) {
    for (std::size_t i = 0; i < clusters_.size(); ++i) {
        for (std::size_t j = 0; j < clusters_[i].endpoints.size(); ++j)
            on_failure({.endpoint = {static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(j)},
                        .began = now,
                        .at = now});
    }
}

bool OutlierWatch::fails_alone(const proxy::EndpointFailure &failure, std::uint32_t in_row,
                               Duration patience) const {
    const std::uint16_t cluster = failure.endpoint.cluster;
    const std::uint32_t enough = threshold(cluster);
    const Duration silent =
        is_silence(failure.reason) ? failure.at - failure.began : Duration::zero();
    std::vector<std::uint32_t> others;
    for (std::size_t i = 0; i < clusters_[cluster].endpoints.size(); ++i) {
        const proxy::EndpointId other{cluster, static_cast<std::uint16_t>(i)};
        if (other == failure.endpoint || !keeper_.table().at(other).proven()) continue;
        const bool no_better =
            cluster::is_no_better(clusters_[cluster].endpoints[i].lately(), silent);
        others.push_back(no_better ? enough : failing(other, patience, failure.at));
    }
    return cluster::fails_alone(in_row, enough, others);
}

/// Failures in a row that tell of a fault.
std::uint32_t OutlierWatch::threshold(std::uint16_t cluster) const {
    const std::uint32_t set = clusters_[cluster].settings->consecutive_failures;
    return set != 0 ? set : config::OutlierDetection{}.consecutive_failures;
}

std::uint32_t OutlierWatch::failing(proxy::EndpointId id, Duration patience, TimePoint now) const {
    const cluster::Endpoint &endpoint = runtime_.endpoint(id);
    const std::uint32_t in_row = endpoint.failures_in_row.load(std::memory_order_relaxed);
    if (patience == Duration::max() || !silent(id, patience, now)) return in_row;
    return in_row + endpoint.in_flight.load(std::memory_order_relaxed);
}

bool OutlierWatch::silent(proxy::EndpointId id, Duration time, TimePoint now) const {
    return now - clusters_[id.cluster].endpoints[id.index].last_answer >= time;
}

void OutlierWatch::look(std::uint16_t cluster, TimePoint now) {
    if (now < clusters_[cluster].looked_at + pause) return;
    clusters_[cluster].looked_at = now;
    const std::size_t first = runtime_.cluster(cluster).first_endpoint;
    for (std::size_t i = 0; i < clusters_[cluster].endpoints.size(); ++i) {
        Endpoint &endpoint = clusters_[cluster].endpoints[i];
        const std::uint64_t answers = endpoint.seen.answers;
        endpoint.seen = traffic_of(stats::sum_endpoint(workers_, first + i));
        if (endpoint.seen.answers == answers) continue;
        endpoint.last_answer = now;
        keeper_.on_life(now);
    }
}

void OutlierWatch::look_at_trials(std::uint16_t cluster, TimePoint now) {
    for (std::size_t i = 0; i < clusters_[cluster].endpoints.size(); ++i) {
        const proxy::EndpointId id{cluster, static_cast<std::uint16_t>(i)};
        const EndpointHealth &known = keeper_.table().at(id);
        if (!known.takes_requests() || !known.health.on_trial()) continue;
        const Endpoint &endpoint = clusters_[cluster].endpoints[i];
        const cluster::Traffic tick = endpoint.seen - endpoint.last_tick;
        const auto verdict = keeper_.on_sight(
            id,
            {.answers = tick.answers,
             .errors = tick.errors,
             .failed = tick.failed,
             .in_flight = runtime_.endpoint(id).in_flight.load(std::memory_order_relaxed)},
            now);
        if (verdict == cluster::Trial::Verdict::failed) judge_wrong_answers(id, now);
    }
}

void OutlierWatch::judge_wrong_answers(proxy::EndpointId id, TimePoint now) {
    const proxy::EndpointFailure failure{
        .endpoint = id, .reason = Reason::error_status, .began = now, .at = now};
    const bool blamed = clusters_[id.cluster].settings->failure_ratio.basis_points != 0 &&
                        fails_alone(failure, threshold(id.cluster), Duration::max());
    if (!blamed) keeper_.end_trial(id, "it answers no worse than others");
    else
        keeper_.eject(id, cluster::EjectionCause::failure_ratio, "all answers on trial were errors",
                      now);
}

void OutlierWatch::begin_window(std::uint16_t cluster) {
    const std::size_t first = runtime_.cluster(cluster).first_endpoint;
    for (std::size_t i = 0; i < clusters_[cluster].endpoints.size(); ++i)
        clusters_[cluster].endpoints[i].counted =
            traffic_of(stats::sum_endpoint(workers_, first + i));
}

void OutlierWatch::judge_window(std::uint16_t cluster, TimePoint now) {
    std::vector<cluster::Traffic> traffic;
    for (const Endpoint &endpoint : clusters_[cluster].endpoints)
        traffic.push_back(endpoint.counted);
    begin_window(cluster);
    for (std::size_t i = 0; i < traffic.size(); ++i)
        traffic[i] = clusters_[cluster].endpoints[i].counted - traffic[i];

    if (keeper_.table().frozen()) return;
    judge_failures(cluster, traffic, now);
    judge_latency(cluster, traffic);
}

void OutlierWatch::judge_failures(std::uint16_t cluster, std::span<const cluster::Traffic> traffic,
                                  TimePoint now) {
    const std::uint32_t ratio = clusters_[cluster].settings->failure_ratio.basis_points;
    if (ratio == 0) return;
    for (const std::size_t index : cluster::failing_outliers(traffic, ratio)) {
        const proxy::EndpointId id{cluster, static_cast<std::uint16_t>(index)};
        const EndpointHealth &endpoint = keeper_.table().at(id);
        if (!endpoint.takes_requests() || endpoint.health.since() > window_began_) continue;
        keeper_.eject(id, cluster::EjectionCause::failure_ratio,
                      fmt::format("{} of {} failed within a second", traffic[index].failed,
                                  tries_text(traffic[index].tries)),
                      now);
    }
}

void OutlierWatch::judge_latency(std::uint16_t cluster, std::span<const cluster::Traffic> traffic) {
    cluster::LatencyOutliers &latency = clusters_[cluster].latency;
    for (std::size_t i = 0; i < traffic.size(); ++i)
        if (!keeper_.table().at({cluster, static_cast<std::uint16_t>(i)}).takes_requests())
            latency.forget(i);
    latency.on_window(traffic);
    for (std::size_t i = 0; i < traffic.size(); ++i) {
        const auto answers =
            static_cast<Duration::rep>(std::max<std::uint64_t>(traffic[i].answers, 1));
        const Duration sum{static_cast<Duration::rep>(traffic[i].latency_nanoseconds)};
        keeper_.set_share({cluster, static_cast<std::uint16_t>(i)}, latency.share(i),
                          sum / answers);
    }
}

void OutlierWatch::on_tick() {
    const TimePoint now = uv::Loop::now();
    const bool late = now - std::exchange(ticked_, now) > too_late;
    const bool window_over = late || now - window_began_ >= window - sampling / 2;
    for (std::size_t i = 0; i < clusters_.size(); ++i) {
        const auto cluster = static_cast<std::uint16_t>(i);
        look(cluster, now);
        if (!keeper_.table().frozen() && clusters_[i].settings) look_at_trials(cluster, now);
        for (Endpoint &endpoint : clusters_[i].endpoints)
            endpoint.tick_before = std::exchange(endpoint.last_tick, endpoint.seen);
        if (clusters_[i].settings == nullptr) continue;
        if (late) begin_window(cluster);
        else if (window_over) judge_window(cluster, now);
    }
    if (window_over) window_began_ = now;
    timer_.arm(sampling);
}

}  // namespace uvoy::server
