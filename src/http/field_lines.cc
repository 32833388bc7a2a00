#include "http/bytes.h"
#include "http/head.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace uvoy::http {

namespace {

using Word = std::uint64_t;

constexpr Word ones = 0x0101010101010101;
constexpr Word high = ones * 0x80;

/// Eight bytes, the first of them the lowest.
Word load(const char *at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

/// Has the high bit of every byte set that no text has: a control byte (HTAB too) or DEL.  Bits
/// above the lowest one may be false (a borrow), so only that one tells a place.
constexpr Word controls(Word word) {
    const Word del = word ^ (ones * 0x7f);
    return ((word - ones * 0x20) & ~word & high) | ((del - ones) & ~del & high);
}

using Block = unsigned char __attribute__((vector_size(16)));

/// Whether one of sixteen bytes is no text, or a HTAB.
bool has_control(const char *at) {
    Block block;
    std::memcpy(&block, at, sizeof block);
    const auto found = (block < ' ') | (block == 0x7f);
    std::array<Word, 2> words{};
    static_assert(sizeof words == sizeof found);
    std::memcpy(words.data(), &found, sizeof found);
    return (words[0] | words[1]) != 0;
}

/// The first control byte other than HTAB in at..end, or end.
const char *find_control(const char *at, const char *end) {
    const auto room = [&at, end](std::size_t bytes) {
        return static_cast<std::size_t>(end - at) >= bytes;
    };
    while (at != end) {
        while (room(sizeof(Block)) && !has_control(at)) at += sizeof(Block);
        if (!room(sizeof(Word)))
            return std::find_if_not(at, end, [](char byte) { return text_bytes.has(byte); });
        const Word found = controls(load(at));
        if (found == 0) {
            at += sizeof(Word);
            continue;
        }
        at += std::countr_zero(found) / 8;
        if (*at != '\t') return at;
        ++at;
    }
    return end;
}

/// Reads field lines (RFC 9112 section 5) from at..end.
class Reader {
public:
    explicit Reader(std::string_view bytes)
        : at_{bytes.data()}, end_{bytes.data() + bytes.size()} {}

    bool at_line_end() const { return end_ - at_ >= 2 && at_[0] == '\r' && at_[1] == '\n'; }
    bool ends_here() const { return at_line_end() && end_ - at_ == 2; }

    /// Takes one line.  False if it is malformed: no name, a blank before the colon, a control
    /// byte, a CR or LF alone.  A folded line (obs-fold) begins with a blank, which no name does.
    bool take_field(Field &field) {
        const char *const name = at_;
        while (at_ != end_ && token_bytes.has(*at_)) ++at_;
        if (at_ == name || at_ == end_ || *at_ != ':') return false;
        field.name = {name, at_};
        const char *const colon = at_++;
        while (at_ != end_ && is_blank(*at_)) ++at_;
        const char *const value = at_;
        at_ = find_control(at_, end_);
        if (!at_line_end()) return false;
        const char *last = at_;
        while (last != value && is_blank(last[-1])) --last;
        field.value = {value, last};
        field.plain = value == colon + 2 && *(colon + 1) == ' ' && last == at_;
        field.id = field_id(field.name);
        at_ += 2;
        return true;
    }

private:
    const char *at_;
    const char *end_;
};

}  // namespace

Result<Parsed, HeadError> parse_fields(std::string_view bytes, const HeadLimits &limits,
                                       Fields &out) {
    out.clear();
    Reader reader{bytes};
    while (!reader.at_line_end()) {
        Field field;
        if (!reader.take_field(field)) return Unexpected{HeadError::malformed};
        if (out.size() == limits.headers) return Unexpected{HeadError::too_many_fields};
        out.push_back(field);
    }
    if (!reader.ends_here()) return Unexpected{HeadError::malformed};
    return Parsed{};
}

}  // namespace uvoy::http
