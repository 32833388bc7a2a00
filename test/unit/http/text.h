#pragma once

#include "http/head.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace uvoy::http {

/// The error of a result, or none: so that a table can hold either.
template <typename T, typename E>
std::optional<E> error_of(const Result<T, E> &result) {
    if (result) return std::nullopt;
    return result.error();
}

inline Fields make_fields(
    std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    Fields fields;
    for (const auto &[name, value] : pairs) fields.push_back({name, value, field_id(name)});
    return fields;
}

/// For a message of doctest: control bytes as <0d>.
inline std::string readable(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes.substr(0, 120)) {
        const auto value = static_cast<unsigned char>(byte);
        if (value >= 0x20 && value < 0x7f) {
            text += byte;
        } else {
            text += '<';
            text += digits[value >> 4];
            text += digits[value & 15];
            text += '>';
        }
    }
    return text;
}

}  // namespace uvoy::http
