#include "http/field_lines.h"

#include "base/block.h"
#include "http/bytes.h"

namespace uvoy::http {

namespace {

/// Control bytes other than HTAB, and DEL.
constexpr auto controls = [](Block block) {
    return (block.between('\0', '\x1f').without(block.equal('\t')) | block.equal('\x7f')).mask();
};

/// All but what most names are made of.
constexpr auto unusual_in_names = [](Block block) {
    const auto usual = block.letters() | block.equal('-') | block.between('0', '9');
    return ~usual.mask() & Block::all;
};

bool is_line_end(const char *at, const char *end) {
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

/// Reads the field line (RFC 9112 section 5) at `at`.  Returns where it ends, before its CRLF, or
/// null if it is malformed: no name, a blank before the colon, a control byte, a CR or LF alone.  A
/// folded line (obs-fold) begins with a blank, which no name does.
const char *read_field(const char *at, const char *end, Field &field) {
    // The block in which the name ends is often that in which the line does.
    const char *seen = at;
    Block block = load_block(seen, end);
    Block::Mask found = unusual_in_names(block);
    while (found == 0) {
        seen += Block::size;
        block = load_block(seen, end);
        found = unusual_in_names(block);
    }
    const char *colon = seen + __builtin_ctz(found);
    if (colon == end || *colon != ':') [[unlikely]] {
        while (colon != end && token_bytes.has(*colon)) ++colon;
        if (colon == end || *colon != ':') return nullptr;
        seen = colon;
        block = load_block(seen, end);
    }
    if (colon == at) return nullptr;
    found = controls(block);
    while (found == 0) {
        seen += Block::size;
        found = controls(load_block(seen, end));
    }
    const char *const line_end = seen + __builtin_ctz(found);
    if (!is_line_end(line_end, end)) return nullptr;

    const char *value = colon + 1;
    while (is_blank(*value)) ++value;
    const char *last = line_end;
    while (last != value && is_blank(last[-1])) --last;
    field.name = {at, colon};
    field.value = {value, last};
    field.plain = value == colon + 2 && *(colon + 1) == ' ' && last == line_end;
    field.id = field_id(field.name);
    return line_end;
}

/// Takes the field lines at `at` up to the empty line, and returns where that is.
Result<const char *, HeadError> take_fields(const char *at, const char *end,
                                            const HeadLimits &limits, Fields &out) {
    out.clear();
    for (std::size_t left = limits.headers; !is_line_end(at, end); --left) {
        Field field;
        at = read_field(at, end, field);
        if (at == nullptr) return Unexpected{HeadError::malformed};
        if (left == 0) return Unexpected{HeadError::too_many_fields};
        out.push_back(field);
        at += 2;
    }
    return at;
}

}  // namespace

std::size_t first_line_size(std::string_view bytes) {
    const char *const begin = bytes.data();
    const char *const end = begin + bytes.size();
    return static_cast<std::size_t>(find_marked(begin, end, controls) - begin);
}

std::size_t take_whole_fields(std::string_view bytes, std::size_t at, const HeadLimits &limits,
                              Fields &out) {
    const char *const begin = bytes.data();
    const auto fields_end = take_fields(begin + at, begin + bytes.size(), limits, out);
    return fields_end ? static_cast<std::size_t>(*fields_end - begin) + 2 : 0;
}

Result<Parsed, HeadError> parse_fields(std::string_view bytes, const HeadLimits &limits,
                                       Fields &out) {
    const char *const end = bytes.data() + bytes.size();
    const auto fields_end = take_fields(bytes.data(), end, limits, out);
    if (!fields_end) return Unexpected{fields_end.error()};
    if (end - *fields_end != 2) return Unexpected{HeadError::malformed};
    return Parsed{};
}

}  // namespace uvoy::http
