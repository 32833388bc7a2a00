#include "server/admin_query.h"

#include "http/bytes.h"

#include <fmt/format.h>

#include <algorithm>

namespace uvoy::server {

std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = i + 2 < text.size() ? http::hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? http::hex_value(text[i + 2]) : -1;
        if (text[i] != '%' || high < 0 || low < 0) {
            result += text[i];
            continue;
        }
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

Query::Query(std::string_view text) {
    while (!text.empty()) {
        const std::string_view parameter = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(parameter.size() + 1, text.size()));
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        if (parameter.empty()) continue;
        parameters_.emplace_back(
            percent_decoded(parameter.substr(0, equals)),
            percent_decoded(parameter.substr(std::min(equals + 1, parameter.size()))));
    }
}

std::optional<Refusal> Query::refuse_others(std::initializer_list<std::string_view> known) const {
    for (const auto &[name, value] : parameters_) {
        if (std::ranges::find(known, name) == known.end())
            return Refusal{400, fmt::format("unknown parameter \"{}\"", name)};
        if (std::ranges::count(parameters_, name, [](const auto &each) { return each.first; }) > 1)
            return Refusal{400, fmt::format("\"{}\" is there twice", name)};
    }
    return std::nullopt;
}

const std::string *Query::find(std::string_view name) const {
    for (const auto &[key, value] : parameters_)
        if (key == name) return &value;
    return nullptr;
}

}  // namespace uvoy::server
