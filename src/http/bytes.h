#pragma once

#include "base/word.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace uvoy::http {

/// A set of byte values.
class ByteSet {
public:
    constexpr ByteSet with(std::string_view bytes) const {
        ByteSet result = *this;
        for (const char byte : bytes) result.in_[static_cast<unsigned char>(byte)] = true;
        return result;
    }
    constexpr ByteSet with(unsigned char first, unsigned char last) const {
        ByteSet result = *this;
        for (unsigned byte = first; byte <= last; ++byte) result.in_[byte] = true;
        return result;
    }
    constexpr ByteSet without(char byte) const {
        ByteSet result = *this;
        result.in_[static_cast<unsigned char>(byte)] = false;
        return result;
    }

    constexpr bool has(char byte) const { return in_[static_cast<unsigned char>(byte)]; }

    /// Length of the prefix of `text` that is made of these bytes only.
    constexpr std::size_t prefix(std::string_view text) const {
        std::size_t length = 0;
        while (length < text.size() && has(text[length])) ++length;
        return length;
    }

    /// Not empty, and these bytes only.
    constexpr bool spell(std::string_view text) const {
        return !text.empty() && prefix(text) == text.size();
    }

private:
    std::array<bool, 256> in_{};
};

inline constexpr ByteSet digits = ByteSet{}.with('0', '9');
inline constexpr ByteSet alphanumerics = digits.with('a', 'z').with('A', 'Z');

/// tchar of RFC 9110 section 5.6.2.
inline constexpr ByteSet token_bytes = alphanumerics.with("!#$%&'*+-.^_`|~");

/// HTAB and everything visible, obs-text included (RFC 9110 section 5.5).
inline constexpr ByteSet text_bytes = ByteSet{}.with("\t").with(' ', '~').with(0x80, 0xff);

/// `text_bytes.prefix(text) == text.size()`, eight bytes at a time.
inline bool is_text(std::string_view text) {
    while (text.size() >= word::size) {
        const word::Word bytes = word::load(text.data());
        // A hit may be a HTAB: then look at each byte.
        if (word::below(bytes, ' ') | word::equal(bytes, 0x7f))
            if (text_bytes.prefix(text.substr(0, word::size)) != word::size) return false;
        text.remove_prefix(word::size);
    }
    return text_bytes.prefix(text) == text.size();
}

/// ASCII only.
constexpr char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

/// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    const char letter = lower(byte);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace uvoy::http
