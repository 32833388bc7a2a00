#include "server/admin_changes.h"

#include "base/log.h"
#include "server/admin_answer.h"
#include "server/admin_query.h"
#include "uv/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

namespace uvoy::server {

namespace {

/// Nothing is taken and ignored: a misspelt key would look like a change that was made.
std::optional<Refusal> refuse_other_keys(const Json &body,
                                         std::initializer_list<std::string_view> known) {
    for (const auto &[key, value] : body.items())
        if (std::ranges::find(known, key) == known.end())
            return Refusal{400, fmt::format("unknown key \"{}\"", key)};
    return std::nullopt;
}

proxy::LocalAnswer answer_of(const ReloadResult &result) {
    if (!result.problems.empty()) {
        const auto count = result.problems.size();
        return problem(422,
                       count == 1 ? result.problems.front() : fmt::format("{} mistakes", count),
                       {{"problems", result.problems}});
    }
    Json changes = Json::array();
    for (const ConfigChange &change : result.changes)
        changes.push_back(
            {{"type", change.type}, {"name", change.name}, {"change", server::name(change.kind)}});
    Json json{{"changes", std::move(changes)}};
    for (const ReloadResult::MovedKeys &moved : result.moved)
        json["keys_moved"].push_back({{"cluster", moved.cluster}, {"share", moved.share}});
    return json_answer(json);
}

std::optional<cluster::Duty> duty_of(const Json &json) {
    for (std::size_t i = 0; i < cluster::duty_names.size(); ++i)
        if (json == cluster::duty_names[i]) return static_cast<cluster::Duty>(i);
    return std::nullopt;
}

}  // namespace

AdminChanges::Handler AdminChanges::find(std::string_view path) {
    if (path == "/v1/drain") return &AdminChanges::drain;
    if (path == "/v1/undrain") return &AdminChanges::undrain;
    if (path == "/v1/upgrade") return &AdminChanges::upgrade;
    if (path == "/v1/log-level") return &AdminChanges::log_level;
    if (path == "/v1/reload") return &AdminChanges::reload;
    if (path == "/v1/diff") return &AdminChanges::diff;
    return nullptr;
}

std::optional<EndpointChange> AdminChanges::find_endpoint(std::string_view path) {
    constexpr std::string_view clusters = "/v1/clusters/";
    constexpr std::string_view endpoints = "/endpoints/";
    if (!path.starts_with(clusters)) return std::nullopt;
    path.remove_prefix(clusters.size());
    const std::size_t middle = path.find(endpoints);
    if (middle == std::string_view::npos) return std::nullopt;
    return EndpointChange{.cluster = percent_decoded(path.substr(0, middle)),
                          .endpoint = percent_decoded(path.substr(middle + endpoints.size())),
                          .duty = {},
                          .weight = {}};
}

proxy::LocalAnswer AdminChanges::run(EndpointChange endpoint, std::string_view body) {
    if (steering_ == nullptr) return problem(409, "nothing can be changed here");
    const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
    if (!json.is_object()) return problem(400, "the body is not a JSON object");
    if (const auto refusal = refuse_other_keys(json, {"state", "weight"})) return problem(*refusal);
    if (json.empty()) return problem(400, "neither \"state\" nor \"weight\" is there");
    if (const auto state = json.find("state"); state != json.end()) {
        endpoint.duty = duty_of(*state);
        if (!endpoint.duty) return problem(400, "\"state\" is ready, drain or maintenance");
    }
    if (const auto weight = json.find("weight"); weight != json.end()) {
        constexpr std::int64_t most = 1000;  // as in the configuration
        const auto number = weight->is_number_integer() ? weight->get<std::int64_t>() : 0;
        if (number < 1 || number > most) return problem(400, "\"weight\" is not in 1..1000");
        endpoint.weight = static_cast<std::uint32_t>(number);
    }
    if (const auto refusal = steering_->change_endpoint(endpoint)) return problem(*refusal);
    return json_answer(clusters_json(view_, this_moment()));
}

proxy::LocalAnswer AdminChanges::run(Handler handler, std::string_view body) {
    if (steering_ == nullptr) return problem(409, "nothing can be changed here");
    const Json json =
        body.empty() ? Json::object() : Json::parse(body.begin(), body.end(), nullptr, false);
    if (!json.is_object()) return problem(400, "the body is not a JSON object");
    return (this->*handler)(json);
}

proxy::LocalAnswer AdminChanges::drain(const Json &body) { return set_draining(body, true); }

proxy::LocalAnswer AdminChanges::undrain(const Json &body) { return set_draining(body, false); }

proxy::LocalAnswer AdminChanges::set_draining(const Json &body, bool draining) {
    if (const auto refusal = refuse_other_keys(body, {})) return problem(*refusal);
    if (const auto refusal = steering_->set_draining(draining)) return problem(*refusal);
    return json_answer(status_json(view_, this_moment()));
}

proxy::LocalAnswer AdminChanges::upgrade(const Json &body) {
    if (const auto refusal = refuse_other_keys(body, {})) return problem(*refusal);
    if (const auto refusal = steering_->upgrade()) return problem(*refusal);
    proxy::LocalAnswer answer = json_answer(status_json(view_, this_moment()));
    answer.status = 202;
    return answer;
}

proxy::LocalAnswer AdminChanges::log_level(const Json &body) {
    if (const auto refusal = refuse_other_keys(body, {"level"})) return problem(*refusal);
    const auto level = body.find("level");
    const auto found = level != body.end() && level->is_string()
                           ? log::level_of(level->get<std::string>())
                           : std::nullopt;
    if (!found) return problem(400, "\"level\" is debug, info, warning or error");
    log::set_level(*found);
    log::info("log level: {}", log::name(*found));
    return json_answer({{"log_level", log::name(*found)}});
}

proxy::LocalAnswer AdminChanges::reload(const Json &body) {
    if (const auto refusal = refuse_other_keys(body, {})) return problem(*refusal);
    return answer_of(steering_->reload());
}

proxy::LocalAnswer AdminChanges::diff(const Json &body) {
    if (const auto refusal = refuse_other_keys(body, {"text"})) return problem(*refusal);
    const auto text = body.find("text");
    if (text == body.end() || !text->is_string())
        return problem(400, "\"text\" is what would stand in the configuration file");
    return answer_of(steering_->preview(text->get<std::string>()));
}

}  // namespace uvoy::server
