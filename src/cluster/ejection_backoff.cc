#include "cluster/ejection_backoff.h"

#include <algorithm>
#include <cassert>

namespace uvoy::cluster {

EjectionBackoff::EjectionBackoff(const Settings &settings) : settings_{settings} {
    assert(settings_.first >= Duration::zero() && settings_.longest >= settings_.first);
}

void EjectionBackoff::on_out(TimePoint now, bool timed) {
    assert(!out_);
    const unsigned before = level(now);
    out_ = true;
    out_since_ = now;
    length_ = timed || before > 0 ? length_at(before) : Duration::zero();
    // A level that no longer lengthens anything would only take longer to be forgotten.
    level_ = length_at(before) < settings_.longest ? before + 1 : std::max(before, 1u);
}

void EjectionBackoff::on_back(TimePoint now) {
    assert(out_ && now >= until());
    out_ = false;
    back_since_ = now;
}

unsigned EjectionBackoff::level(TimePoint now) const {
    if (settings_.first == Duration::zero()) return 0;
    if (out_ || level_ == 0) return level_;
    const Duration was_out = std::min(back_since_ - out_since_, settings_.longest);
    const auto forgotten = (now - back_since_) / std::max(was_out, settings_.first);
    return forgotten < level_ ? level_ - static_cast<unsigned>(forgotten) : 0;
}

Duration EjectionBackoff::length_at(unsigned level) const {
    Duration length = settings_.first;
    for (; level > 0 && length < settings_.longest; --level) length *= 2;
    return std::min(length, settings_.longest);
}

}  // namespace uvoy::cluster
