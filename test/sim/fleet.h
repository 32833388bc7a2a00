#pragma once

#include "cluster/health.h"
#include "cluster/outlier.h"
#include "cluster/slow_start.h"
#include "cluster/snapshot.h"
#include "scheduler.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::sim {

/// The health of a cluster in simulated time: endpoints that break in several ways and mend, their
/// checks, the traffic that they fail, what is ejected for it, and the ring that follows.
class Fleet {
public:
    explicit Fleet(std::uint64_t seed);

    Fleet(const Fleet &) = delete;
    Fleet &operator=(const Fleet &) = delete;

    /// Breaks and mends endpoints for a while, then leaves them in peace; returns the first
    /// violation, or an empty text.
    std::string run();

    std::size_t ejections() const { return ejections_; }
    std::size_t publishes() const { return publishes_; }
    /// That an answer ended, or a failure.
    std::size_t passed_trials() const { return passed_trials_; }
    std::size_t failed_trials() const { return failed_trials_; }

private:
    /// What a request or a check finds at an endpoint.
    enum class Condition : std::uint8_t { well, refusing, silent, failing };

    struct Server {
        explicit Server(const cluster::HealthSettings &settings, TimePoint now)
            : health{settings, now}, since{now} {}

        cluster::Health health;
        Condition condition = Condition::well;
        TimePoint since;  // of the condition
        std::uint64_t checks = 0;
        cluster::Traffic window;
        cluster::Trial::Sight sight;  // since the last look, if it is on trial
    };

    void break_or_mend(std::size_t index);
    void schedule_check(std::size_t index);
    void check(std::size_t index);
    void request();
    void fail(std::size_t index, TimePoint began);
    void look_at_trials();
    void judge_window();
    void eject(std::size_t index, cluster::EjectionCause cause);
    cluster::Census census(std::size_t judged) const;
    void wake_at(TimePoint time);
    void publish();
    void compare(const cluster::Snapshot &before, const cluster::Snapshot &after);
    void watch();
    void complain(const std::string &text);

    Scheduler scheduler_;
    cluster::HealthSettings settings_;
    std::shared_ptr<const cluster::Membership> membership_;
    std::vector<Server> servers_;
    cluster::SlowStart slow_start_;
    std::unique_ptr<const cluster::Snapshot> snapshot_;
    TimePoint peace_;  // from here on nothing breaks
    TimePoint end_;
    std::size_t ejections_ = 0;
    std::size_t publishes_ = 0;
    std::size_t passed_trials_ = 0;
    std::size_t failed_trials_ = 0;
    std::string complaint_;
};

}  // namespace uvoy::sim
