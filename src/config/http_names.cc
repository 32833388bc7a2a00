#include "config/http_names.h"

#include <algorithm>

namespace uvoy::config {

namespace {

bool is_token_character(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return letter || digit || others.find(c) != others.npos;
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

std::string to_lower(std::string_view text) {
    std::string lower{text};
    for (char &c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

}  // namespace uvoy::config
