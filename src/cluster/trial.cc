#include "cluster/trial.h"

#include <algorithm>
#include <cassert>

namespace uvoy::cluster {

void Trial::begin(TimePoint now) {
    *this = Trial{};
    share_ = first_share;
    quiet_since_ = now;
}

Trial::Verdict Trial::look(const Sight &sight, TimePoint now) {
    assert(under_way());
    // Those that have waited longest fail first.
    const std::uint64_t from_before = from_before_.value_or(sight.in_flight + sight.failed);
    from_before_ =
        std::min<std::uint64_t>(sight.in_flight, from_before - std::min(from_before, sight.failed));
    if (sight.answers > sight.errors) {
        end();
        return Verdict::passed;
    }
    errors_ += sight.errors;
    if (sight.failed > 0 || sight.in_flight > *from_before_) quiet_since_ = now;
    if (errors_ >= wrong_answers) return Verdict::failed;
    if (now - quiet_since_ < patience) return Verdict::open;
    quiet_since_ = now;
    share_ = std::min<std::uint16_t>(share_ * 2, full_ramp);
    return under_way() ? Verdict::open : Verdict::passed;
}

}  // namespace uvoy::cluster
