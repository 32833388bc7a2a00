#include "cluster/health.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::cluster {

namespace {

/// `interval` and up to 10 % more or less.
Duration jittered(Duration interval, Random &random) {
    const auto tenth = static_cast<std::uint64_t>((interval / 10).count());
    const auto offset = static_cast<Duration::rep>(random.next() % (2 * tenth + 1));
    return interval - interval / 10 + Duration{offset};
}

}  // namespace

std::string_view name(EjectionCause cause) {
    static constexpr std::string_view names[ejection_causes]{"health_check", "consecutive_failures",
                                                             "failure_ratio"};
    return names[static_cast<std::size_t>(cause)];
}

Health::Health(const HealthSettings &settings, TimePoint now)
    : settings_{settings},
      backoff_{settings.backoff},
      backoff_before_{settings.backoff},
      since_{now},
      next_check_{now},
      explanation_{"assumed at the start, no check said otherwise"} {
    assert(settings_.interval > Duration::zero());
    assert(settings_.healthy_after > 0 && settings_.unhealthy_after > 0);
}

void Health::set_settings(const HealthSettings &settings, TimePoint now) {
    settings_ = settings;
    backoff_.set_settings(settings.backoff);
    backoff_before_.set_settings(settings.backoff);
    next_check_ = now;
    if (settings_.checks) return;
    // Nobody would find out.
    checks_good_ = true;
    check_due_ = false;
}

bool Health::on_check_result(const CheckResult &result, TimePoint now, Random &random) {
    passed_in_row_ = result.ok ? passed_in_row_ + 1 : 0;
    failed_in_row_ = result.ok ? 0 : failed_in_row_ + 1;
    check_due_ = settings_.checks && !result.ok;
    const bool was_healthy = healthy_;

    if (checks_good_ && failed_in_row_ >= settings_.unhealthy_after)
        judge_checks(false, result.detail, now);
    else if (!checks_good_ && passed_in_row_ >= settings_.healthy_after)
        judge_checks(true, {}, now);
    else if (result.ok != checks_good_) fast_ = true;
    else if (!checks_good_ || passed_in_row_ >= settings_.healthy_after) fast_ = false;

    last_check_ = now;
    next_check_ = now + (fast_ ? fast_delay() : jittered(settings_.interval, random));
    return healthy_ != was_healthy;
}

void Health::on_void_check(TimePoint now, Random &random) {
    next_check_ = now + jittered(settings_.interval, random);
}

void Health::on_passive_failure(TimePoint now) {
    if (!healthy_ || fast_) return;
    fast_ = true;
    passed_in_row_ = 0;  // checks passed before the failure say nothing about it
    // Not at once: failures that checks do not confirm would make a check for each of them.
    const TimePoint earliest = last_check_ ? std::max(now, *last_check_ + fast_delay()) : now;
    next_check_ = std::min(next_check_, earliest);
}

void Health::eject(EjectionCause cause, std::string why, TimePoint now) {
    assert(healthy_ && cause != EjectionCause::health_check);
    on_passive_failure(now);
    go_out(cause, std::move(why), now);
}

Trial::Verdict Health::on_sight(const Trial::Sight &sight, TimePoint now) {
    assert(on_trial());
    const Trial::Verdict verdict = trial_.look(sight, now);
    if (verdict == Trial::Verdict::passed)
        explanation_ = sight.answers > 0 ? "it answered on trial" : "no request came to try it";
    return verdict;
}

void Health::end_trial(std::string why) {
    assert(on_trial());
    trial_.end();
    explanation_ = std::move(why);
}

bool Health::recall(EjectionCause cause, std::string why, TimePoint now) {
    assert(healthy_);
    const bool by_checks = cause == EjectionCause::health_check;
    if (by_checks && !settings_.checks) return false;
    checks_good_ = !by_checks;
    go_out(cause, std::move(why), now);
    return true;
}

void Health::pardon(std::string why, TimePoint now) {
    assert(!healthy_);
    healthy_ = checks_good_ = true;
    fast_ = false;
    passed_in_row_ = failed_in_row_ = 0;
    since_ = now;
    explanation_ = std::move(why);
    backoff_ = backoff_before_;
}

std::optional<TimePoint> Health::back_at() const {
    if (healthy_ || !checks_good_ || check_due_) return std::nullopt;
    return backoff_.until();
}

bool Health::on_time(TimePoint now) { return back_at() && come_back("its time out is over", now); }

void Health::judge_checks(bool good, std::string_view detail, TimePoint now) {
    checks_good_ = good;
    checks_failed_ = checks_failed_ || !good;
    fast_ = false;
    const std::uint32_t count = good ? passed_in_row_ : failed_in_row_;
    std::string why = std::to_string(count) + (count == 1 ? " check " : " checks ") +
                      (good ? "passed" : "failed");
    if (!detail.empty()) why.append(": ").append(detail);
    if (good) come_back(std::move(why), now);
    else if (healthy_) go_out(EjectionCause::health_check, std::move(why), now);
}

void Health::go_out(EjectionCause cause, std::string why, TimePoint now) {
    healthy_ = false;
    since_ = now;
    cause_ = cause;
    checks_failed_ = cause == EjectionCause::health_check;
    check_due_ = settings_.checks;
    explanation_ = std::move(why);
    backoff_before_ = backoff_;
    backoff_.on_out(now, cause != EjectionCause::health_check);
}

bool Health::come_back(std::string why, TimePoint now) {
    if (now < backoff_.until()) return false;
    healthy_ = true;
    since_ = now;
    explanation_ = std::move(why);
    backoff_.on_back(now);
    trial_.end();
    if (!checks_failed_ && settings_.backoff.first > Duration::zero()) {
        // What checks never saw they cannot see gone either.
        trial_.begin(now);
        explanation_ += ", on trial";
    }
    return true;
}

Duration Health::fast_delay() const { return std::min(fast_interval, settings_.interval); }

}  // namespace uvoy::cluster
