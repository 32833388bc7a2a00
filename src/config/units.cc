#include "config/units.h"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <utility>

namespace uvoy::config {

namespace {

struct TimeUnit {
    std::string_view suffix;
    Duration length;
};
constexpr std::array<TimeUnit, 4> time_units{{{"h", std::chrono::hours{1}},
                                              {"m", std::chrono::minutes{1}},
                                              {"s", std::chrono::seconds{1}},
                                              {"ms", std::chrono::milliseconds{1}}}};

struct SizeUnit {
    std::string_view suffix;
    std::uint64_t bytes;
};
constexpr std::array<SizeUnit, 7> size_units{{{"GiB", 1024ull * 1024 * 1024},
                                              {"GB", 1000ull * 1000 * 1000},
                                              {"MiB", 1024ull * 1024},
                                              {"MB", 1000ull * 1000},
                                              {"KiB", 1024},
                                              {"KB", 1000},
                                              {"B", 1}}};

constexpr std::string_view digits = "0123456789";

/// Takes the digits at the front of `text` away.
std::optional<std::uint64_t> take_number(std::string_view &text) {
    const std::size_t end = std::min(text.find_first_not_of(digits), text.size());
    const std::optional<std::uint64_t> number = parse_number(text.substr(0, end));
    text.remove_prefix(end);
    return number;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    if (text.empty() || text.find_first_not_of(digits) != text.npos) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    return static_cast<std::uint64_t>(number);
}

std::optional<Duration> parse_duration(std::string_view text) {
    Duration sum{0};
    std::size_t unit = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const std::optional<std::uint64_t> number = take_number(text);
        const std::string_view suffix =
            text.substr(0, std::min(text.find_first_of(digits), text.size()));
        while (unit < time_units.size() && time_units[unit].suffix != suffix) ++unit;
        if (!number || unit == time_units.size()) return std::nullopt;
        const Duration length = time_units[unit++].length;
        const auto room = static_cast<std::uint64_t>((Duration::max() - sum) / length);
        if (*number > room) return std::nullopt;
        sum += length * static_cast<std::int64_t>(*number);
        text.remove_prefix(suffix.size());
    }
    return sum;
}

std::string to_text(Duration duration) {
    std::string text;
    for (const TimeUnit &unit : time_units) {
        if (duration < unit.length) continue;
        text += std::to_string(duration / unit.length);
        text += unit.suffix;
        duration %= unit.length;
    }
    return text.empty() ? "0s" : text;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const std::optional<std::uint64_t> number = take_number(text);
    if (!number) return std::nullopt;
    for (const SizeUnit &unit : size_units) {
        if (unit.suffix != text) continue;
        if (*number > std::numeric_limits<std::uint64_t>::max() / unit.bytes) return std::nullopt;
        return *number * unit.bytes;
    }
    return std::nullopt;
}

std::string size_to_text(std::uint64_t bytes) {
    for (const SizeUnit &unit : size_units)
        if (bytes >= unit.bytes && bytes % unit.bytes == 0)
            return std::to_string(bytes / unit.bytes).append(unit.suffix);
    return "0B";
}

std::optional<Share> parse_share(std::string_view text) {
    const std::optional<std::uint64_t> whole = take_number(text);
    if (!whole || *whole > 100) return std::nullopt;
    std::uint64_t hundredths = 0;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        const std::size_t before = text.size();
        const std::optional<std::uint64_t> decimals = take_number(text);
        const std::size_t places = before - text.size();
        if (!decimals || places > 2) return std::nullopt;
        hundredths = *decimals * (places == 1 ? 10 : 1);
    }
    const std::uint64_t basis_points = *whole * 100 + hundredths;
    if (text != "%" || basis_points > 10'000) return std::nullopt;
    return Share{static_cast<std::uint32_t>(basis_points)};
}

std::string to_text(Share share) {
    std::string text = std::to_string(share.basis_points / 100);
    if (const std::uint32_t rest = share.basis_points % 100; rest != 0) {
        text += '.';
        text += std::to_string(rest / 10);
        if (rest % 10 != 0) text += std::to_string(rest % 10);
    }
    return text + '%';
}

std::optional<Rate> parse_rate(std::string_view text) {
    const std::optional<std::uint64_t> requests = take_number(text);
    if (!requests || *requests > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    Rate rate{.requests = static_cast<std::uint32_t>(*requests), .per = {}};
    if (text == "/s") rate.per = std::chrono::seconds{1};
    else if (text == "/m") rate.per = std::chrono::minutes{1};
    else if (text == "/h") rate.per = std::chrono::hours{1};
    else return std::nullopt;
    return rate;
}

std::optional<StatusRange> parse_status_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const std::optional<std::uint64_t> first = parse_number(text.substr(0, dash));
    const std::optional<std::uint64_t> last =
        dash == text.npos ? first : parse_number(text.substr(dash + 1));
    if (!first || !last || *first < 100 || *last > 599 || *first > *last) return std::nullopt;
    return StatusRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

std::string to_text(StatusRange range) {
    std::string text = std::to_string(range.first);
    if (range.last != range.first) (text += '-') += std::to_string(range.last);
    return text;
}

}  // namespace uvoy::config
