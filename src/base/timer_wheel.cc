#include "base/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace uvoy {

void Alarm::unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
}

void Alarm::link_before(Alarm &other) {
    previous_ = other.previous_;
    next_ = &other;
    previous_->next_ = this;
    other.previous_ = this;
}

void TimerWheel::set(Alarm &alarm, TimePoint due) {
    alarm.due_ = due;
    if (alarm.linked() && due > alarm.scheduled_ - tick) return;
    alarm.unlink();
    if (due != TimePoint::max()) schedule(alarm);
}

void TimerWheel::schedule(Alarm &alarm) {
    // What is further away than one turn waits in its slot and is looked at once a turn.
    const std::int64_t due = std::max(tick_after(alarm.due_), current_ + 1);
    const std::int64_t at = std::min(due, current_ + static_cast<std::int64_t>(slots));
    const auto slot = static_cast<std::size_t>(at) % slots;
    alarm.scheduled_ = TimePoint{at * tick};
    next_ = std::min(next_, alarm.scheduled_);
    alarm.link_before(slots_[slot]);
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

TimePoint TimerWheel::find_next() const {
    // The first occupied slot after the current one; bits of emptied slots are stale until their
    // slot comes up, which costs one early wake-up.
    const std::size_t start = static_cast<std::size_t>(current_ + 1) % slots;
    for (std::size_t word = 0; word <= slots / 64; ++word) {
        const std::size_t index = (start / 64 + word) % (slots / 64);
        std::uint64_t bits = occupied_[index];
        if (word == 0) bits &= ~std::uint64_t{0} << (start % 64);
        if (word == slots / 64) bits &= ~(~std::uint64_t{0} << (start % 64));
        if (bits == 0) continue;
        const std::size_t slot = index * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        const std::size_t ahead = (slot + slots - start) % slots;
        return TimePoint{(current_ + 1 + static_cast<std::int64_t>(ahead)) * tick};
    }
    return TimePoint::max();
}

Alarm *TimerWheel::expire(TimePoint now) {
    const std::int64_t target = tick_of(now);
    for (;;) {
        while (passed_.linked()) {
            Alarm &alarm = *passed_.next_;
            alarm.unlink();
            if (alarm.due_ <= now) return &alarm;
            if (alarm.due_ != TimePoint::max()) schedule(alarm);
        }
        const TimePoint upcoming = find_next();
        if (upcoming > TimePoint{target * tick}) {
            current_ = std::max(current_, target);
            next_ = upcoming;
            return nullptr;
        }
        current_ = upcoming.time_since_epoch() / tick;
        const auto slot = static_cast<std::size_t>(current_) % slots;
        occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
        Alarm &ring = slots_[slot];
        if (!ring.linked()) continue;
        passed_.link_before(ring);  // the sentinels change places: the whole ring is taken over
        ring.unlink();
    }
}

}  // namespace uvoy
