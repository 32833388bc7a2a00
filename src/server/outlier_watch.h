#pragma once

#include "base/time.h"
#include "cluster/latency_outliers.h"
#include "cluster/outlier.h"
#include "proxy/kinship.h"
#include "proxy/proxy.h"
#include "proxy/runtime.h"
#include "server/health_keeper.h"
#include "stats/merge.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace uvoy::server {

/// Judges endpoints by what the workers' traffic saw of them, on the control loop, and has those
/// that stand out ejected: by failures in a row as they are reported, by the share of failures
/// once a second.  Endpoints on trial are judged by their first answer or failure.
class OutlierWatch {
public:
    static constexpr Duration sampling = std::chrono::milliseconds{250};
    static constexpr Duration window = std::chrono::seconds{1};

    OutlierWatch(uv::Loop &loop, const proxy::Runtime &runtime, HealthKeeper &keeper);

    OutlierWatch(const OutlierWatch &) = delete;
    OutlierWatch &operator=(const OutlierWatch &) = delete;

    /// Goes on with what `former` has found of those that are slow.
    void inherit(const OutlierWatch &former, const proxy::Heirs &heirs);

    /// From now on, looks at these counters, which outlive it.
    void start(stats::Workers workers);

    void on_failure(const proxy::EndpointFailure &failure);
    /// Failures were not reported, of whatever endpoint.
    void on_lost_reports(TimePoint now);

private:
    struct Endpoint {
        cluster::Traffic counted;  ///< when the window began
        cluster::Traffic seen;     ///< at the last look
        cluster::Traffic last_tick;
        cluster::Traffic tick_before;  ///< so that what is since then spans one to two ticks
        TimePoint last_answer{};       ///< when the answers were seen to have changed
        TimePoint look_again_at{};     ///< after a failure that did not eject it

        cluster::Traffic lately() const { return seen - tick_before; }
    };
    struct Cluster {
        const config::OutlierDetection *settings = nullptr;  ///< null = off
        std::vector<Endpoint> endpoints;
        cluster::LatencyOutliers latency;
        TimePoint looked_at{};  ///< at the traffic of its endpoints
    };

    void note_signs(const proxy::EndpointFailure &failure);
    void look(std::uint16_t cluster, TimePoint now);
    void look_at_trials(std::uint16_t cluster, TimePoint now);
    void judge_wrong_answers(proxy::EndpointId id, TimePoint now);
    void begin_window(std::uint16_t cluster);
    void judge_window(std::uint16_t cluster, TimePoint now);
    void judge_failures(std::uint16_t cluster, std::span<const cluster::Traffic> traffic,
                        TimePoint now);
    void judge_latency(std::uint16_t cluster, std::span<const cluster::Traffic> traffic);
    std::uint32_t threshold(std::uint16_t cluster) const;
    bool silent(proxy::EndpointId id, Duration time, TimePoint now) const;
    std::uint32_t failing(proxy::EndpointId id, Duration patience, TimePoint now) const;
    /// Beside those that are proven.
    bool fails_alone(const proxy::EndpointFailure &failure, std::uint32_t in_row,
                     Duration patience) const;
    void on_tick();

    const proxy::Runtime &runtime_;
    HealthKeeper &keeper_;
    stats::Workers workers_;
    std::vector<Cluster> clusters_;
    TimePoint ticked_{};
    TimePoint window_began_{};
    uv::Timer timer_;
};

}  // namespace uvoy::server
