#include "cluster/health.h"

#include <algorithm>
#include <cassert>

namespace uvoy::cluster {

namespace {

/// `interval` and up to 10 % more or less.
Duration jittered(Duration interval, Random &random) {
    const auto tenth = static_cast<std::uint64_t>((interval / 10).count());
    const auto offset = static_cast<Duration::rep>(random.next() % (2 * tenth + 1));
    return interval - interval / 10 + Duration{offset};
}

}  // namespace

Health::Health(const HealthSettings &settings, TimePoint now)
    : settings_{settings},
      since_{now},
      next_check_{now},
      explanation_{"assumed at the start, no check said otherwise"} {
    assert(settings_.interval > Duration::zero());
    assert(settings_.healthy_after > 0 && settings_.unhealthy_after > 0);
}

bool Health::on_check_result(const CheckResult &result, TimePoint now, Random &random) {
    passed_in_row_ = result.ok ? passed_in_row_ + 1 : 0;
    failed_in_row_ = result.ok ? 0 : failed_in_row_ + 1;
    const bool was_healthy = healthy_;

    if (healthy_ && failed_in_row_ >= settings_.unhealthy_after) decide(false, result.detail, now);
    else if (!healthy_ && passed_in_row_ >= settings_.healthy_after) decide(true, {}, now);
    else if (healthy_ && !result.ok) fast_ = true;
    else if (passed_in_row_ >= settings_.healthy_after) fast_ = false;

    last_check_ = now;
    next_check_ = now + (fast_ ? fast_delay() : jittered(settings_.interval, random));
    return healthy_ != was_healthy;
}

void Health::on_passive_failure(TimePoint now) {
    if (!healthy_ || fast_) return;
    fast_ = true;
    passed_in_row_ = 0;  // checks passed before the failure say nothing about it
    // Not at once: failures that checks do not confirm would make a check for each of them.
    const TimePoint earliest = last_check_ ? std::max(now, *last_check_ + fast_delay()) : now;
    next_check_ = std::min(next_check_, earliest);
}

void Health::decide(bool healthy, std::string_view detail, TimePoint now) {
    healthy_ = healthy;
    fast_ = false;
    since_ = now;
    cause_ = healthy ? HealthCause::checks_passed : HealthCause::checks_failed;
    const std::uint32_t count = healthy ? passed_in_row_ : failed_in_row_;
    explanation_ = std::to_string(count) + (count == 1 ? " check " : " checks ") +
                   (healthy ? "passed" : "failed");
    if (!detail.empty()) explanation_.append(": ").append(detail);
}

Duration Health::fast_delay() const { return std::min(fast_interval, settings_.interval); }

}  // namespace uvoy::cluster
