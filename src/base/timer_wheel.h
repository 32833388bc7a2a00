#pragma once

#include "base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace uvoy {

/// A place in the wheel.  Unlinks itself when it dies.
class Alarm {
public:
    Alarm() = default;
    ~Alarm() { unlink(); }

    Alarm(const Alarm &) = delete;
    Alarm &operator=(const Alarm &) = delete;

private:
    friend class TimerWheel;

    bool linked() const { return next_ != this; }
    void unlink();
    void link_before(Alarm &other);

    Alarm *previous_ = this;
    Alarm *next_ = this;
    TimePoint due_ = TimePoint::max();        // what the owner wants
    TimePoint scheduled_ = TimePoint::max();  // when its slot comes up
};

/// Hashed timing wheel (Varghese and Lauck 1987, scheme 6).  Postponing an alarm is a store: the
/// slot it stands in comes up early, sees that it is not due and puts it where it belongs.  Alarms
/// ring up to one tick late, never early.  No allocation.
class TimerWheel {
public:
    static constexpr Duration tick = std::chrono::milliseconds{4};
    static constexpr std::size_t slots = 4096;

    explicit TimerWheel(TimePoint now) : current_{tick_of(now)} {}

    TimerWheel(const TimerWheel &) = delete;
    TimerWheel &operator=(const TimerWheel &) = delete;

    /// TimePoint::max() = never.
    void set(Alarm &alarm, TimePoint due);

    /// Takes it out; it may be set in another wheel from then on.
    static void remove(Alarm &alarm) { alarm.unlink(); }

    /// No alarm rings before that, and it moves back only in expire(); TimePoint::max() if none is
    /// set.
    TimePoint next() const { return next_; }

    /// Takes out one alarm that is due, or nullptr.  Call until it is nullptr: what the owners do
    /// in between is free.
    Alarm *expire(TimePoint now);

private:
    static std::int64_t tick_of(TimePoint time) { return time.time_since_epoch() / tick; }
    static std::int64_t tick_after(TimePoint time) {
        return (time.time_since_epoch() + tick - Duration{1}) / tick;
    }
    void schedule(Alarm &alarm);
    TimePoint find_next() const;

    std::array<Alarm, slots> slots_;  // sentinels of rings
    Alarm passed_;                    // ring of alarms whose slot has come up
    std::array<std::uint64_t, slots / 64> occupied_{};
    TimePoint next_ = TimePoint::max();
    std::int64_t current_;  // ticks up to and with this one have come up
};

}  // namespace uvoy
