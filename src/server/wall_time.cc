#include "server/wall_time.h"

#include <fmt/format.h>

#include <chrono>

namespace uvoy::server {

using namespace std::chrono;

std::int64_t unix_milliseconds() {
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string rfc3339(std::int64_t unix_milliseconds) {
    const sys_time<milliseconds> time{milliseconds{unix_milliseconds}};
    const sys_days day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int{date.year()},
                       unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace uvoy::server
