#pragma once

#include "base/time.h"
#include "base/word.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

/// What the formats of the access log are written with.
namespace uvoy::proxy::line {

inline constexpr std::size_t longest_number = 20;

/// Copies up to 16 bytes without a call, more with one.
inline void copy(char *to, std::string_view from) {
    const auto both_ends = [&]<typename Piece>(Piece) {
        Piece first{};
        Piece last{};
        std::memcpy(&first, from.data(), sizeof first);
        std::memcpy(&last, from.data() + from.size() - sizeof last, sizeof last);
        std::memcpy(to, &first, sizeof first);
        std::memcpy(to + from.size() - sizeof last, &last, sizeof last);
    };
    if (from.size() > 16) std::memcpy(to, from.data(), from.size());
    else if (from.size() >= 8) both_ends(std::uint64_t{});
    else if (from.size() >= 4) both_ends(std::uint32_t{});
    else if (from.size() >= 2) both_ends(std::uint16_t{});
    else if (from.size() == 1) *to = from.front();
}

/// Can stand between quotation marks as it is, in any format.
inline bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/// Whether all are plain.  A borrow or a carry comes only from a byte that is not.
inline bool is_plain(word::Word bytes) {
    using word::ones;
    const word::Word quoted = (bytes ^ (ones * '"')) - ones;
    const word::Word escaping = (bytes ^ (ones * '\\')) - ones;
    return (((bytes - ones * ' ') | (bytes + ones) | quoted | escaping | bytes) & word::high) == 0;
}

/// How many bytes are plain from the beginning of `text`.
inline std::size_t plain_size(std::string_view text) {
    std::size_t size = 0;
    while (text.size() - size >= word::size && is_plain(word::load(text.data() + size)))
        size += word::size;
    while (size < text.size() && is_plain(static_cast<unsigned char>(text[size]))) ++size;
    return size;
}

/// Copies `from`.  False if not all of it is plain; then what was written means nothing.
inline bool copy_plain(char *to, std::string_view from) {
    if (from.size() >= word::size) {
        const std::size_t last = from.size() - word::size;
        for (std::size_t i = 0; i < last; i += word::size) {
            if (!is_plain(word::load(from.data() + i))) return false;
            std::memcpy(to + i, from.data() + i, word::size);
        }
        std::memcpy(to + last, from.data() + last, word::size);
        return is_plain(word::load(from.data() + last));
    }
    copy(to, from);
    word::Word bytes = word::ones * ' ';
    if (from.size() >= 4) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, from.data(), sizeof first);
        std::memcpy(&last, from.data() + from.size() - sizeof last, sizeof last);
        bytes = first | word::Word{last} << 32;
    } else if (!from.empty()) {
        // One, two or three.
        const auto at = [&](std::size_t i) { return static_cast<unsigned char>(from[i]); };
        bytes = (bytes << 24) | at(0) | word::Word{at(from.size() / 2)} << 8 |
                word::Word{at(from.size() - 1)} << 16;
    }
    return is_plain(bytes);
}

/// All numbers of two digits.
inline constexpr auto digit_pairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}();

/// Appends to a span.  What does not fit is left out, and so is all that follows; with `fits_all`
/// it is known to fit.
template <bool fits_all>
class Line {
public:
    explicit Line(std::span<char> out)
        : begin_{out.data()}, at_{out.data()}, end_{at_ + out.size()} {}

    /// 0 if anything was left out.
    std::size_t size() const { return whole_ ? static_cast<std::size_t>(at_ - begin_) : 0; }

    void raw(std::string_view bytes) {
        if (!fits(bytes.size())) return;
        copy(at_, bytes);
        at_ += bytes.size();
    }

    template <std::size_t size>
    void literal(const char (&text)[size]) {
        if (!fits(size - 1)) return;
        std::memcpy(at_, text, size - 1);
        at_ += size - 1;
    }

    /// False if it is not plain as a whole; then nothing is appended.
    bool plain(std::string_view text) {
        if constexpr (!fits_all) {
            if (plain_size(text) < text.size()) return false;
            raw(text);
            return true;
        }
        if (!copy_plain(at_, text)) return false;
        at_ += text.size();
        return true;
    }

    void number(std::uint64_t value) {
        if (value < 10) return digit(value);
        char digits[longest_number];
        std::size_t at = sizeof digits;
        for (; value >= 10; value /= 100) {
            at -= 2;
            std::memcpy(digits + at, &digit_pairs[value % 100 * 2], 2);
        }
        if (value > 0) digits[--at] = static_cast<char>('0' + value);
        raw({digits + at, sizeof digits - at});
    }

    /// With leading zeros.
    template <std::size_t width>
    void padded(std::uint64_t value) {
        char digits[width];
        std::size_t at = width;
        for (; at >= 2; value /= 100) {
            at -= 2;
            std::memcpy(digits + at, &digit_pairs[value % 100 * 2], 2);
        }
        if (at == 1) digits[0] = static_cast<char>('0' + value % 10);
        if (!fits(width)) return;
        std::memcpy(at_, digits, width);
        at_ += width;
    }

    /// With six decimals; `absent` for what is negative.
    template <std::size_t size>
    void seconds(Duration value, const char (&absent)[size]) {
        if (value < Duration::zero()) return literal(absent);
        const auto microseconds = static_cast<std::uint64_t>(value.count()) / 1000;
        number(microseconds / 1'000'000);
        literal(".");
        padded<6>(microseconds % 1'000'000);
    }

private:
    void digit(std::uint64_t value) {
        if (!fits(1)) return;
        *at_++ = static_cast<char>('0' + value);
    }

    bool fits(std::size_t size) {
        if constexpr (fits_all) return true;
        whole_ = whole_ && size <= static_cast<std::size_t>(end_ - at_);
        return whole_;
    }

    char *begin_;
    char *at_;
    char *end_;
    bool whole_ = true;
};

/// A point of time in UTC.
struct Calendar {
    std::uint64_t year;
    std::uint64_t month;
    std::uint64_t day;
    std::uint64_t hours;
    std::uint64_t minutes;
    std::uint64_t seconds;
    std::uint64_t milliseconds;
};

/// Kept within the years that RFC 3339 can write.
inline Calendar calendar(std::int64_t unix_milliseconds) {
    using namespace std::chrono;
    constexpr sys_time<milliseconds> first = sys_days{year{0} / 1 / 1};
    constexpr sys_time<milliseconds> last = sys_days{year{9999} / 12 / 31} + (days{1} - 1ms);
    const auto time =
        std::clamp(sys_time<milliseconds>{milliseconds{unix_milliseconds}}, first, last);
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const auto in_day = static_cast<std::uint64_t>((time - midnight).count());
    return {.year = static_cast<std::uint64_t>(static_cast<int>(date.year())),
            .month = static_cast<unsigned>(date.month()),
            .day = static_cast<unsigned>(date.day()),
            .hours = in_day / 3'600'000,
            .minutes = in_day / 60'000 % 60,
            .seconds = in_day / 1000 % 60,
            .milliseconds = in_day % 1000};
}

/// RFC 3339, with milliseconds.
template <bool fits_all>
void append_time(Line<fits_all> &line, std::int64_t unix_milliseconds) {
    const Calendar time = calendar(unix_milliseconds);
    line.template padded<4>(time.year);
    line.literal("-");
    line.template padded<2>(time.month);
    line.literal("-");
    line.template padded<2>(time.day);
    line.literal("T");
    line.template padded<2>(time.hours);
    line.literal(":");
    line.template padded<2>(time.minutes);
    line.literal(":");
    line.template padded<2>(time.seconds);
    line.literal(".");
    line.template padded<3>(time.milliseconds);
    line.literal("Z");
}

}  // namespace uvoy::proxy::line
