#include "server/catch_up.h"

#include <thread>

namespace uvoy::server {

void CatchUp::wait() {
    constexpr Duration step = std::chrono::microseconds{20};
    const TimePoint end = uv::Loop::now() + patience;
    for (Watched &each : loops_) {
        const std::uint64_t seen = each.loop->callbacks();
        if (seen % 2 == 0 || seen == each.given_up) continue;
        while (each.loop->callbacks() == seen) {
            if (uv::Loop::now() >= end) {
                each.given_up = seen;
                break;
            }
            std::this_thread::sleep_for(step);
        }
    }
}

}  // namespace uvoy::server
