#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "cluster/ejection_backoff.h"
#include "cluster/trial.h"

namespace uvoy::cluster {

struct HealthSettings {
    bool checks = true;  ///< there are any
    Duration interval = std::chrono::seconds{1};
    std::uint32_t healthy_after = 2;    ///< checks passed in a row
    std::uint32_t unhealthy_after = 2;  ///< checks failed in a row
    EjectionBackoff::Settings backoff{};

    friend bool operator==(const HealthSettings &, const HealthSettings &) = default;
};

/// What took an endpoint out.
enum class EjectionCause : std::uint8_t { health_check, consecutive_failures, failure_ratio };
inline constexpr std::size_t ejection_causes = 3;

/// The metrics' word, e.g. "health_check".
std::string_view name(EjectionCause cause);

/// Whether requests may go to one endpoint, by active checks and by what traffic saw.  The owner
/// runs a check when `next_check()` is due, one at a time, and reports its result.
///
/// An endpoint is healthy until something says otherwise, and the first check is due at once.  The
/// first failure of a healthy endpoint, of a check or of real traffic, starts *fast mode*: a check
/// every 100 ms (or `interval`, if shorter) until enough in a row passed or failed.  So does the
/// first check that an unhealthy one passes, until the next fails.
///
/// It goes out when enough checks failed, or when the owner judges its traffic and calls eject().
/// It comes back when its checks are good, the latest has passed since it went out, and its time is
/// served: an ejection by traffic always has a time, one by checks only when others went before it
/// (EjectionBackoff).  What traffic took
/// out while checks found nothing is on trial at first: see Trial.
class Health {
public:
    static constexpr Duration fast_interval = std::chrono::milliseconds{100};

    /// Thresholds are at least 1 and the interval is positive.
    Health(const HealthSettings &settings, TimePoint now);

    /// Another configuration judges it from now on: what was found stays true, and the next check
    /// is due at once.
    void set_settings(const HealthSettings &settings, TimePoint now);

    struct CheckResult {
        bool ok;
        std::string_view detail;  ///< why it failed, e.g. "connect_refused"; for the operator
    };

    /// True if `healthy()` changed.  `random` spreads the checks of a fleet by 10 % either way.
    bool on_check_result(const CheckResult &result, TimePoint now, Random &random);

    /// A check said nothing, or was not needed: the next one is due at the common pace.
    void on_void_check(TimePoint now, Random &random);

    /// A request from real traffic failed.  May bring `next_check()` forward.
    void on_passive_failure(TimePoint now);

    /// Takes a healthy endpoint out for what traffic saw; `why` is for the operator.  May bring
    /// `next_check()` forward.
    void eject(EjectionCause cause, std::string why, TimePoint now);

    /// Takes a healthy endpoint out as if what another process has found had been found here.
    /// False: checks took it out there, and there are none here.
    bool recall(EjectionCause cause, std::string why, TimePoint now);

    /// Takes back what took it out last, as if it had never happened.
    void pardon(std::string why, TimePoint now);

    /// What requests found at an endpoint on trial.
    Trial::Verdict on_sight(const Trial::Sight &sight, TimePoint now);

    /// The trial has told enough; `why` is for the operator.
    void end_trial(std::string why);

    /// When on_time() is due: the time of an ejection that nothing else prolongs is served.
    std::optional<TimePoint> back_at() const;

    /// True if it is healthy from now on.
    bool on_time(TimePoint now);

    bool healthy() const { return healthy_; }
    bool on_trial() const { return healthy_ && trial_.under_way(); }
    /// While it is healthy: what part of its share it gets on trial, in 1/1024.
    std::uint16_t trial_share() const { return trial_.share(); }
    bool fast() const { return fast_; }
    /// By the checks alone; true without checks.
    bool checks_good() const { return checks_good_; }

    /// When `healthy()` last changed, or was first assumed.
    TimePoint since() const { return since_; }

    /// When the next check is due; may be past.  While one is running, of no meaning.
    TimePoint next_check() const { return next_check_; }

    /// What took it out; of no meaning while it is healthy.
    EjectionCause cause() const { return cause_; }
    /// Out, and not by checks.
    bool ejected_by_traffic() const { return !healthy_ && cause_ != EjectionCause::health_check; }
    const EjectionBackoff &backoff() const { return backoff_; }

    /// The last change in words, e.g. "2 checks failed: connect_refused".
    const std::string &explanation() const { return explanation_; }

private:
    void judge_checks(bool good, std::string_view detail, TimePoint now);
    void go_out(EjectionCause cause, std::string why, TimePoint now);
    bool come_back(std::string why, TimePoint now);
    Duration fast_delay() const;

    HealthSettings settings_;
    EjectionBackoff backoff_;
    EjectionBackoff backoff_before_;  // it went out
    bool healthy_ = true;
    bool checks_good_ = true;
    bool checks_failed_ = false;  // since it last went out
    bool check_due_ = false;      // one has to pass before it comes back
    Trial trial_;
    bool fast_ = false;
    std::uint32_t passed_in_row_ = 0;
    std::uint32_t failed_in_row_ = 0;
    TimePoint since_;
    std::optional<TimePoint> last_check_;
    TimePoint next_check_;
    EjectionCause cause_ = EjectionCause::health_check;
    std::string explanation_;
};

}  // namespace uvoy::cluster
