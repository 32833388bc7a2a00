#pragma once

#include "config/load.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::config {

/// An environment with HOST=127.0.0.1, PORT=8081, EMPTY= and SECRET=s3cret.
inline std::optional<std::string> test_environment(const std::string &name) {
    if (name == "HOST") return "127.0.0.1";
    if (name == "PORT") return "8081";
    if (name == "EMPTY") return "";
    if (name == "SECRET") return "s3cret";
    return std::nullopt;
}

inline Loaded parse_for_test(std::string_view text) { return parse(text, test_environment); }

/// The problems of a text as the command line prints them.
inline std::vector<std::string> lines_of(const Loaded &loaded) {
    std::vector<std::string> lines;
    for (const Problem &problem : loaded.problems) lines.push_back(format("f", problem));
    return lines;
}

/// Lines joined, for the messages of a test.
inline std::string joined(const std::vector<std::string> &lines) {
    std::string text;
    for (const std::string &line : lines) text += line + '\n';
    return text;
}

/// The smallest valid file with `inside` put into its object of that place.
struct Parts {
    std::string top{};
    std::string listener{};
    std::string cluster{};
    std::string endpoint{};
    std::string route{};
    std::string limit{};
};
inline std::string file_with(const Parts &parts) {
    const auto comma = [](const std::string &text) { return text.empty() ? text : ", " + text; };
    const std::string routes = parts.route.empty() ? "" : R"(, "routes": [{)" + parts.route + "}]";
    const std::string limits =
        parts.limit.empty() ? "" : R"(, "rate_limits": {"l": {)" + parts.limit + "}}";
    const std::string endpoint = parts.endpoint.empty() ? R"("127.0.0.1:8081")" : parts.endpoint;
    return R"({"listeners": {"web": {"address": "0.0.0.0:3000")" + comma(parts.listener) +
           R"(}}, "clusters": {"app": {"endpoints": [)" + endpoint + "]" + comma(parts.cluster) +
           "}}" + routes + limits + comma(parts.top) + "}";
}

}  // namespace uvoy::config
