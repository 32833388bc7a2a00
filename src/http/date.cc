#include "http/date.h"

#include <algorithm>
#include <cassert>
#include <chrono>

namespace uvoy::http {

namespace {

constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

// The number's last `width` decimal digits.
void put_number(std::span<char> at, std::size_t width, std::int64_t number) {
    for (std::size_t i = width; i > 0; --i) {
        at[i - 1] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

void put_name(std::span<char> at, std::string_view names, unsigned index) {
    std::ranges::copy(names.substr(std::size_t{index} * 3, 3), at.begin());
}

}  // namespace

std::string_view format_date(std::int64_t unix_seconds, std::span<char, 29> buffer) {
    using namespace std::chrono;
    const sys_seconds time{seconds{unix_seconds}};
    const sys_days day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    const int year = static_cast<int>(date.year());
    assert(year >= 0 && year <= 9999);

    std::ranges::copy(std::string_view{"ddd, dd mmm yyyy hh:mm:ss GMT"}, buffer.begin());
    put_name(buffer, day_names, weekday{day}.c_encoding());
    put_number(buffer.subspan(5), 2, static_cast<unsigned>(date.day()));
    put_name(buffer.subspan(8), month_names, static_cast<unsigned>(date.month()) - 1);
    put_number(buffer.subspan(12), 4, year);
    put_number(buffer.subspan(17), 2, clock.hours().count());
    put_number(buffer.subspan(20), 2, clock.minutes().count());
    put_number(buffer.subspan(23), 2, clock.seconds().count());
    return {buffer.data(), buffer.size()};
}

}  // namespace uvoy::http
