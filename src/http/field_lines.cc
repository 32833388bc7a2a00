#include "base/word.h"
#include "http/bytes.h"
#include "http/head.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace uvoy::http {

namespace {

/// Marks control bytes, HTAB too, and DEL.
constexpr word::Word controls(word::Word bytes) {
    return word::below(bytes, ' ') | word::equal(bytes, 0x7f);
}

using Block = unsigned char __attribute__((vector_size(16)));

/// Whether one of sixteen bytes is no text, or a HTAB.
bool has_control(const char *at) {
    Block block;
    std::memcpy(&block, at, sizeof block);
    const auto found = (block < ' ') | (block == 0x7f);
    std::array<word::Word, 2> words{};
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
        if (!room(word::size))
            return std::find_if_not(at, end, [](char byte) { return text_bytes.has(byte); });
        const word::Word found = controls(word::load(at));
        if (found == 0) {
            at += word::size;
            continue;
        }
        at += word::first(found);
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
