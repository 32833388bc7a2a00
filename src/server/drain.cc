#include "server/drain.h"

#include "base/log.h"
#include "server/duration_text.h"

namespace uvoy::server {

Drain::Drain(uv::Loop &loop, const Settings &settings)
    : settings_{settings}, timer_{loop, Delegate<void()>::bind<&Drain::look>(*this)} {}

void Drain::begin() {
    begun_ = true;
    since_ = uv::Loop::now();
    log::info("graceful shutdown, {} requests in flight", settings_.load().exchanges);
    next_line_ = since_ + log_interval;
    timer_.arm(poll_interval);
}

void Drain::interrupt() {
    log::warning("graceful shutdown: second signal, {} requests cut off",
                 settings_.load().exchanges);
    end(End::interrupted);
}

void Drain::look() {
    const TimePoint now = uv::Loop::now();
    const Load load = settings_.load();
    if (load.drained) {
        log::info("graceful shutdown: all requests answered after {}", duration_text(now - since_));
        end(End::complete);
        return;
    }
    if (now >= since_ + settings_.timeout) {
        // What is left may be idle connections only, and those lose nothing.
        if (load.exchanges == 0) {
            log::info("graceful shutdown: all requests answered after {}",
                      duration_text(now - since_));
            end(End::complete);
            return;
        }
        log::warning("graceful shutdown: drain_timeout of {} passed, {} requests cut off",
                     duration_text(settings_.timeout), load.exchanges);
        end(End::timed_out);
        return;
    }
    if (now >= next_line_) {
        log::info("graceful shutdown, {} requests in flight", load.exchanges);
        next_line_ += log_interval;
    }
    timer_.arm(poll_interval);
}

void Drain::end(End how) {
    timer_.cancel();
    settings_.on_end(how);
}

}  // namespace uvoy::server
