#include "server/duration_text.h"

#include <fmt/format.h>

#include <chrono>

namespace uvoy::server {

std::string duration_text(Duration duration) {
    using namespace std::chrono;
    // Rounded before it is taken apart, so that "60s" and "1m60s" cannot come of it.
    const auto milliseconds_total = round<milliseconds>(duration).count();
    if (milliseconds_total < 1000) return fmt::format("{}ms", milliseconds_total);
    const auto tenths = (milliseconds_total + 50) / 100;
    if (tenths < 600) {
        return tenths % 10 == 0 ? fmt::format("{}s", tenths / 10)
                                : fmt::format("{}.{}s", tenths / 10, tenths % 10);
    }
    const auto seconds_total = (milliseconds_total + 500) / 1000;
    const auto seconds = seconds_total % 60;
    return seconds == 0 ? fmt::format("{}m", seconds_total / 60)
                        : fmt::format("{}m{}s", seconds_total / 60, seconds);
}

}  // namespace uvoy::server
