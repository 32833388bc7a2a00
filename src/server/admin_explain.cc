#include "server/admin_explain.h"

#include "config/address.h"
#include "server/admin_answer.h"
#include "server/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace uvoy::server {

namespace {

/// What would end a line of the head is refused, for a second request could follow it.
std::string line_of(const Json &json, std::string_view what) {
    if (!json.is_string()) throw std::invalid_argument{fmt::format("\"{}\" is no text", what)};
    std::string text = json.get<std::string>();
    const bool control = std::ranges::any_of(
        text, [](char byte) { return (byte >= 0 && byte < ' ' && byte != '\t') || byte == 0x7f; });
    if (control) throw std::invalid_argument{fmt::format("\"{}\" holds a control character", what)};
    return text;
}

std::string header_of(const Json &json) {
    if (!json.is_array() || json.size() != 2)
        throw std::invalid_argument{"\"headers\" is a list of [name, value]"};
    return line_of(json[0], "headers") + ": " + line_of(json[1], "headers");
}

Question question_of(const Json &json) {
    Question question{.method = "GET", .url = {}, .headers = {}, .down = {}};
    for (const auto &[key, value] : json.items()) {
        if (key == "method") {
            question.method = line_of(value, key);
        } else if (key == "url") {
            question.url = line_of(value, key);
        } else if (key == "client") {
            question.client = line_of(value, key);
            if (!config::is_ip_literal(question.client))
                throw std::invalid_argument{"\"client\" is no IP address"};
        } else if (key == "headers") {
            if (!value.is_array())
                throw std::invalid_argument{"\"headers\" is a list of [name, value]"};
            for (const Json &header : value) question.headers.push_back(header_of(header));
        } else {
            throw std::invalid_argument{fmt::format("unknown key \"{}\"", key)};
        }
    }
    if (question.url.empty()) throw std::invalid_argument{"\"url\" is missing"};
    return question;
}

}  // namespace

proxy::LocalAnswer explain_answer(const ServerView &view, std::string_view body) {
    const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
    if (!json.is_object()) return problem(400, "the body is not a JSON object");
    try {
        return json_answer(explain(view, question_of(json)).json);
    } catch (const std::invalid_argument &error) {
        return problem(400, error.what());
    }
}

}  // namespace uvoy::server
