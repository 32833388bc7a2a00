#include "server/duration_text.h"

#include <fmt/format.h>

#include <chrono>

namespace uvoy::server {

std::string duration_text(Duration duration) {
    using namespace std::chrono;
    const auto total = round<milliseconds>(duration).count();
    if (total < 1000) return fmt::format("{}ms", total);
    const auto minutes = total / 60'000;
    if (minutes == 0) {
        const auto tenths = (total + 50) / 100;
        return tenths % 10 == 0 ? fmt::format("{}s", tenths / 10)
                                : fmt::format("{}.{}s", tenths / 10, tenths % 10);
    }
    const auto seconds = (total % 60'000 + 500) / 1000;
    if (seconds == 60) return fmt::format("{}m", minutes + 1);
    return seconds == 0 ? fmt::format("{}m", minutes) : fmt::format("{}m{}s", minutes, seconds);
}

}  // namespace uvoy::server
