#include "server/explain.h"

#include <fmt/format.h>

#include <string_view>

namespace uvoy::server {

namespace {

void add(std::string &text, std::string_view label, std::string_view what) {
    text += fmt::format("{:<10}{}\n", label, what);
}

std::string key_text(const Json &parts) {
    std::string text;
    for (const Json &part : parts) {
        if (!text.empty()) text += ", ";
        text += part["part"].get<std::string>();
        if (part.contains("name")) text += ' ' + part["name"].get<std::string>();
        text += part["value"].is_null() ? " is missing" : " = " + part["value"].dump();
    }
    return text.empty() ? "one for all" : text;
}

std::string cluster_text(const Json &json) {
    const std::string text = fmt::format("{}, {}", json["cluster"].get<std::string>(),
                                         json["policy"].get<std::string>());
    if (json.contains("discovery"))
        return fmt::format("{}, endpoints of {} (DNS, not asked here)", text,
                           json["discovery"]["dns"].get<std::string>());
    return fmt::format("{}, {} healthy{}", text, json["healthy"].dump(),
                       json["panic"].get<bool>() ? ", in a panic: all are used" : "");
}

void add_endpoint(std::string &text, const Json &json) {
    const bool hashed = json.contains("arc");
    if (!hashed) {
        add(text, "endpoint", "depends on the moment, not on the request");
        return;
    }
    add(text, "key", key_text(json["key"]));
    add(text, "hash",
        fmt::format("{}, arc {}", json["hash"].get<std::string>(), json["arc"].dump()));
    if (json.contains("discovery")) add(text, "endpoint", "depends on what DNS tells then");
    else
        add(text, "endpoint",
            json["endpoint"].is_null() ? "none" : json["endpoint"].get<std::string>());
    std::string_view label = "choices";
    for (const Json &choice : json.value("choices", Json::array())) {
        const std::string why = choice["passed_over"];
        add(text, label,
            choice["endpoint"].get<std::string>() + (why.empty() ? ": serves" : ": " + why));
        label = "";
    }
    if (!json["seeded"].get<bool>())
        add(text, "note", "hash_seed is not set: a running process has another ring");
}

}  // namespace

std::string explanation_text(const Json &json) {
    std::string text;
    add(text, "request", json["request"].get<std::string>());
    add(text, "listener", json["listener"].get<std::string>());
    add(text, "client", json["client"].get<std::string>());
    add(text, "host", json["host"].get<std::string>());
    add(text, "path", json["path"].get<std::string>());
    for (const Json &route : json.value("routes", Json::array()))
        add(text, "not",
            fmt::format("{}: {}", route["name"].get<std::string>(),
                        route["why_not"].get<std::string>()));
    if (json.contains("refused")) {
        add(text, "refused",
            fmt::format("{} {}", json["refused"]["status"].dump(),
                        json["refused"]["reason"].get<std::string>()));
        return text;
    }
    add(text, "route", json["route"].get<std::string>());
    for (const Json &limit : json["rate_limits"])
        add(text, "limit",
            fmt::format("{}: {}", limit["name"].get<std::string>(), key_text(limit["key"])));
    add(text, "timeout", json["timeout"].get<std::string>());
    add(text, "retries", json["retries"].dump());
    if (json.contains("answered")) {
        add(text, "answered", json["answered"]["status"].dump());
        return text;
    }
    add(text, "cluster", cluster_text(json));
    add_endpoint(text, json);
    return text;
}

}  // namespace uvoy::server
