#pragma once

#include "base/random.h"
#include "base/time.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::sim {

/// Simulated time and what will happen in it.  Equal seeds give equal runs.
class Scheduler {
public:
    explicit Scheduler(std::uint64_t seed) : random{seed} {}

    TimePoint now() const { return now_; }
    bool empty() const { return events_.empty(); }
    TimePoint next() const { return events_.empty() ? TimePoint::max() : events_.top().at; }

    void after(Duration delay, std::function<void()> action) {
        events_.push({now_ + delay, count_++, std::move(action)});
    }

    void run_next() {
        // The queue's top is const; the element is popped right away.
        Event event = std::move(const_cast<Event &>(events_.top()));
        events_.pop();
        now_ = event.at;
        event.action();
    }

    void advance_to(TimePoint time) {
        if (time > now_) now_ = time;
    }

    /// A number in low .. high, both included.
    std::uint32_t between(std::uint32_t low, std::uint32_t high) {
        return low + random.below(high - low + 1);
    }
    bool chance(std::uint32_t percent) { return random.below(100) < percent; }

    /// With UVOY_SIM_TRACE set, says what happens.
    void trace(const void *who, std::string_view what, std::string_view bytes = {}) const {
        if (!tracing_) return;
        std::fprintf(stderr, "%.6f %p %.*s %zu [%.60s]\n",
                     std::chrono::duration<double>{now_.time_since_epoch()}.count() - 3600, who,
                     static_cast<int>(what.size()), what.data(), bytes.size(),
                     std::string{bytes.substr(0, bytes.find('\r'))}.c_str());
    }

    Random random;

private:
    struct Event {
        TimePoint at;
        std::uint64_t order;
        std::function<void()> action;
        bool operator<(const Event &other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    TimePoint now_{std::chrono::hours{1}};
    std::uint64_t count_ = 0;
    bool tracing_ = std::getenv("UVOY_SIM_TRACE") != nullptr;
    std::priority_queue<Event> events_;
};

}  // namespace uvoy::sim
