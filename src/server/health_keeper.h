#pragma once

#include "base/delegate.h"
#include "base/random.h"
#include "base/time.h"
#include "cluster/suspicion.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"
#include "server/health_table.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace uvoy::server {

/// The one that changes the health of endpoints: by what checks say, by what traffic saw, and when
/// an ejection has lasted long enough.  Tells each change in the log.
///
/// When nearly everything falls silent at once it suspects this host's own network: it takes back
/// what that did, and lets silence take nobody out until something gives a sign of life.
class HealthKeeper {
public:
    /// The health of an endpoint of this cluster changed: publish a new snapshot.
    using OnChange = Delegate<void(std::size_t cluster)>;

    /// `seed` is of the jitter of checks.
    HealthKeeper(uv::Loop &loop, const proxy::Runtime &runtime, std::uint64_t seed,
                 OnChange on_change);
    /// Goes on with what `former` knows.
    HealthKeeper(uv::Loop &loop, const proxy::Runtime &runtime, std::uint64_t seed,
                 OnChange on_change, const HealthKeeper &former, const proxy::Heirs &heirs);

    HealthKeeper(const HealthKeeper &) = delete;
    HealthKeeper &operator=(const HealthKeeper &) = delete;

    /// A check ended; cluster::Health says when the next one is due.
    void on_check_result(proxy::EndpointId id, const cluster::Health::CheckResult &result,
                         TimePoint now);
    /// The same of a check that failed because nothing came back at all.
    void on_silent_check(proxy::EndpointId id, std::string_view detail, TimePoint now);

    /// Traffic made a check needless.
    void on_check_skipped(proxy::EndpointId id, TimePoint now);

    /// Traffic saw an endpoint fail: it is to be checked soon.
    void on_passive_failure(proxy::EndpointId id, TimePoint now) {
        table_.at(id).health.on_passive_failure(now);
    }

    /// Something came from an endpoint, whatever it was; or nothing did that was waited for.
    void on_life(TimePoint now);
    void on_silence(proxy::EndpointId id, TimePoint now);

    /// Takes a healthy endpoint out for what traffic saw; `why` is for the operator.  False if too
    /// much of its cluster is out already: it stays.
    bool eject(proxy::EndpointId id, cluster::EjectionCause cause, std::string why, TimePoint now);

    /// Takes out whom a former process found to be out.
    void recall(proxy::EndpointId id, cluster::EjectionCause cause, std::string why, TimePoint now);

    /// What requests found at an endpoint on trial.
    cluster::Trial::Verdict on_sight(proxy::EndpointId id, const cluster::Trial::Sight &sight,
                                     TimePoint now);
    /// Its trial has told enough: it gets its share.
    void end_trial(proxy::EndpointId id, std::string why);

    /// How much of its share an endpoint gets while it is healthy, in 1/1024.  `latency` is its
    /// mean time to the first byte, for the operator.
    void set_share(proxy::EndpointId id, std::uint16_t share, Duration latency);

    const HealthTable &table() const { return table_; }

    // --- of clusters whose endpoints come and go

    void add(proxy::EndpointId id, Presence presence, TimePoint now) {
        table_.reset(id, presence, now);
    }
    /// The same server as `former`.
    void add_like(proxy::EndpointId id, proxy::EndpointId former);
    void admit(proxy::EndpointId id) { table_.at(id).presence = Presence::member; }
    void remove(proxy::EndpointId id);

private:
    HealthKeeper(uv::Loop &loop, HealthTable table, const proxy::Runtime &runtime,
                 std::uint64_t seed, OnChange on_change);

    void judge_check(proxy::EndpointId id, const cluster::Health::CheckResult &result,
                     TimePoint now);
    void freeze(TimePoint now);
    void on_changed(proxy::EndpointId id);
    void on_trial_ended(proxy::EndpointId id);
    void on_timer();
    void arm();

    const proxy::Runtime &runtime_;
    Random random_;
    OnChange on_change_;
    HealthTable table_;
    cluster::Suspicion suspicion_;
    uv::Timer timer_;  // of the next endpoint that may come back
};

}  // namespace uvoy::server
