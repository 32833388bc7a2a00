#include "config/utf8.h"

#include <cstdint>

namespace uvoy::config {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Bytes of the character that begins with `lead`; 0 if none does.
std::size_t length_after(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    if (lead >= 0xf0 && lead <= 0xf4) return 4;
    return 0;
}

/// False for overlong forms, surrogates and what lies beyond U+10FFFF.
bool second_byte_fits(unsigned char lead, unsigned char second) {
    if (lead == 0xe0) return second >= 0xa0;
    if (lead == 0xed) return second <= 0x9f;
    if (lead == 0xf0) return second >= 0x90;
    if (lead == 0xf4) return second <= 0x8f;
    return true;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = length_after(lead);
        if (length == 0 || length > text.size() - at) return at;
        for (std::size_t i = 1; i < length; ++i)
            if (!is_continuation(text[at + i])) return at;
        if (length > 1 && !second_byte_fits(lead, static_cast<unsigned char>(text[at + 1])))
            return at;
        at += length;
    }
    return std::string_view::npos;
}

std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text)
        if (!is_continuation(c)) ++count;
    return count;
}

std::string escape_controls(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string escaped;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') escaped += "\\n";
        else if (c == '\r') escaped += "\\r";
        else if (c == '\t') escaped += "\\t";
        else if (c == '\\') escaped += "\\\\";
        else if (byte < 0x20 || byte == 0x7f)
            (escaped += "\\u00").append({digits[byte >> 4], digits[byte & 15]});
        else escaped += c;
    }
    return escaped;
}

std::string quote(std::string_view text) {
    constexpr std::size_t longest = 80;
    if (text.size() <= longest) return '"' + escape_controls(text) + '"';
    std::size_t end = longest;
    while (end > 0 && is_continuation(text[end])) --end;
    return '"' + escape_controls(text.substr(0, end)) + "...\"";
}

}  // namespace uvoy::config
