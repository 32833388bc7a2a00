#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace uvoy::cluster {

struct HealthSettings {
    Duration interval = std::chrono::seconds{1};
    std::uint32_t healthy_after = 2;    ///< checks passed in a row
    std::uint32_t unhealthy_after = 2;  ///< checks failed in a row
};

/// Why an endpoint is in the state it is in.
enum class HealthCause : std::uint8_t { start, checks_passed, checks_failed };

/// Health of one endpoint by active checks.  The owner runs a check when `next_check()` is due, one
/// at a time, and reports its result.
///
/// An endpoint is healthy until checks say otherwise, and the first check is due at once.  The
/// first failure of a healthy endpoint, of a check or of real traffic, starts *fast mode*: a check
/// every 100 ms (or `interval`, if shorter) until enough in a row passed or failed.  Traffic alone
/// decides nothing.
class Health {
public:
    static constexpr Duration fast_interval = std::chrono::milliseconds{100};

    /// Thresholds are at least 1 and the interval is positive.
    Health(const HealthSettings &settings, TimePoint now);

    struct CheckResult {
        bool ok;
        std::string_view detail;  ///< why it failed, e.g. "connect_refused"; for the operator
    };

    /// True if `healthy()` changed.  `random` spreads the checks of a fleet by 10 % either way.
    bool on_check_result(const CheckResult &result, TimePoint now, Random &random);

    /// A request from real traffic failed.  May bring `next_check()` forward.
    void on_passive_failure(TimePoint now);

    bool healthy() const { return healthy_; }
    bool fast() const { return fast_; }

    /// When `healthy()` last changed, or was first assumed.
    TimePoint since() const { return since_; }

    /// When the next check is due; may be past.  While one is running, of no meaning.
    TimePoint next_check() const { return next_check_; }

    HealthCause cause() const { return cause_; }

    /// The cause in words, e.g. "2 checks failed: connect_refused".
    const std::string &explanation() const { return explanation_; }

private:
    void decide(bool healthy, std::string_view detail, TimePoint now);
    Duration fast_delay() const;

    HealthSettings settings_;
    bool healthy_ = true;
    bool fast_ = false;
    std::uint32_t passed_in_row_ = 0;
    std::uint32_t failed_in_row_ = 0;
    TimePoint since_;
    std::optional<TimePoint> last_check_;
    TimePoint next_check_;
    HealthCause cause_ = HealthCause::start;
    std::string explanation_;
};

}  // namespace uvoy::cluster
