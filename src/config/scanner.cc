#include "config/scanner.h"

#include <algorithm>

namespace uvoy::config {

Scanner::Gap Scanner::skip() const {
    Gap gap{end_, false};
    while (gap.offset < text_.size()) {
        const std::string_view rest = text_.substr(gap.offset);
        std::size_t length = 1;
        if (rest.starts_with("//")) {
            length = rest.find_first_of("\r\n");
        } else if (rest.starts_with("/*")) {
            length = rest.find("*/", 2);
            if (length != std::string_view::npos) length += 2;
        } else if (rest.front() == ',') {
            gap.comma = true;
        } else if (std::string_view{" \t\r\n:"}.find(rest.front()) == std::string_view::npos) {
            break;
        }
        gap.offset += std::min(length, rest.size());
    }
    return gap;
}

std::size_t Scanner::end_of_token(std::size_t start) const {
    constexpr std::string_view word = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
    std::size_t at = start;
    if (at < text_.size() && text_[at] == '"') {
        for (++at; at < text_.size() && text_[at] != '"'; ++at)
            if (text_[at] == '\\') ++at;
        return std::min(at + 1, text_.size());
    }
    at = std::min(text_.find_first_not_of(word, start), text_.size());
    return at == start ? std::min(start + 1, text_.size()) : at;
}

std::size_t Scanner::next() {
    const std::size_t start = skip().offset;
    end_ = end_of_token(start);
    return start;
}

}  // namespace uvoy::config
