#include "http/field_lines.h"

#include "base/block.h"
#include "http/bytes.h"

#include <optional>

namespace uvoy::http {

namespace {

/// Control bytes other than HTAB, and DEL.
constexpr auto controls = [](Block block) {
    return (block.between('\0', '\x1f') & ~block.equal('\t')) | block.equal('\x7f');
};

/// All but what most names are made of.
constexpr auto unusual_in_names = [](Block block) {
    return ~(block.letters() | block.equal('-') | block.between('0', '9')) & Block::all;
};

/// Reads field lines (RFC 9112 section 5) from at..end.
class Reader {
public:
    explicit Reader(std::string_view bytes, std::size_t at = 0)
        : begin_{bytes.data()}, at_{begin_ + at}, end_{begin_ + bytes.size()} {}

    bool at_line_end() const { return end_ - at_ >= 2 && at_[0] == '\r' && at_[1] == '\n'; }
    bool ends_here() const { return at_line_end() && end_ - at_ == 2; }
    std::size_t at() const { return static_cast<std::size_t>(at_ - begin_); }

    /// Takes one line.  False if it is malformed: no name, a blank before the colon, a control
    /// byte, a CR or LF alone.  A folded line (obs-fold) begins with a blank, which no name does.
    bool take_field(Field &field) {
        const char *const name = at_;
        at_ = find_marked(begin_, at_, end_, unusual_in_names);
        while (at_ != end_ && token_bytes.has(*at_)) ++at_;
        if (at_ == name || at_ == end_ || *at_ != ':') return false;
        field.name = {name, at_};
        const char *const colon = at_++;
        while (at_ != end_ && is_blank(*at_)) ++at_;
        const char *const value = at_;
        at_ = find_marked(begin_, at_, end_, controls);
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
    const char *const begin_;
    const char *at_;
    const char *const end_;
};

/// Takes field lines up to the empty line, which it leaves.
std::optional<HeadError> take_fields(Reader &reader, const HeadLimits &limits, Fields &out) {
    out.clear();
    while (!reader.at_line_end()) {
        Field &field = out.append();
        if (!reader.take_field(field)) return HeadError::malformed;
        if (out.size() > limits.headers) return HeadError::too_many_fields;
        out.note(field);
    }
    return std::nullopt;
}

}  // namespace

std::size_t first_line_size(std::string_view bytes) {
    const char *const begin = bytes.data();
    const char *const end = begin + bytes.size();
    return static_cast<std::size_t>(find_marked(begin, begin, end, controls) - begin);
}

std::size_t take_whole_fields(std::string_view bytes, std::size_t at, const HeadLimits &limits,
                              Fields &out) {
    Reader reader{bytes, at};
    return take_fields(reader, limits, out) ? 0 : reader.at() + 2;
}

Result<Parsed, HeadError> parse_fields(std::string_view bytes, const HeadLimits &limits,
                                       Fields &out) {
    Reader reader{bytes};
    if (const auto error = take_fields(reader, limits, out)) return Unexpected{*error};
    if (!reader.ends_here()) return Unexpected{HeadError::malformed};
    return Parsed{};
}

}  // namespace uvoy::http
