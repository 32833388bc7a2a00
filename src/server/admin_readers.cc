#include "server/admin_readers.h"

#include "server/admin_answer.h"
#include "server/admin_failures.h"
#include "server/admin_json.h"
#include "server/admin_objects.h"
#include "server/wall_time.h"

#include <algorithm>
#include <array>
#include <utility>

namespace uvoy::server {

namespace {

/// Of what has no parameters.
template <Json (*json)(const ServerView &, const Moment &)>
proxy::LocalAnswer answer(const ServerView &view, const Query &query) {
    if (const auto refusal = query.refuse_others({})) return problem(*refusal);
    return json_answer(json(view, this_moment()));
}

proxy::LocalAnswer failures(const ServerView &view, const Query &query) {
    const auto filter = failure_filter(query);
    if (const auto *const refusal = std::get_if<Refusal>(&filter)) return problem(*refusal);
    return json_answer(flight_json(view, std::get<FailureFilter>(filter)));
}

/// The text is as good as what it is from, so it is not parsed again.
proxy::LocalAnswer config(const ServerView &view, const Query &query) {
    if (const auto refusal = query.refuse_others({})) return problem(*refusal);
    const ServerState &state = view.state;
    const bool has_file = !state.config_shown.empty();
    const Json about{{"path", has_file ? Json(state.config_path) : Json{}},
                     {"hash", has_file ? Json(state.config_hash) : Json{}},
                     {"loaded", rfc3339(state.config_loaded)}};
    proxy::LocalAnswer answer = json_answer(about);
    answer.body.erase(answer.body.rfind("\n}"));
    answer.body.append(",\n  \"config\": ");
    answer.body.append(has_file ? state.config_shown : "null").append("\n}\n");
    return answer;
}

constexpr std::array<std::pair<std::string_view, AdminReader>, 8> readers{{
    {"/v1/status", answer<status_json>},
    {"/v1/clusters", answer<clusters_json>},
    {"/v1/failures", failures},
    {"/v1/config", config},
    {"/v1/listeners", answer<listeners_json>},
    {"/v1/routes", answer<routes_json>},
    {"/v1/limits", answer<limits_json>},
    {"/v1/workers", answer<workers_json>},
}};

}  // namespace

AdminReader find_reader(std::string_view path) {
    const auto *const found =
        std::ranges::find(readers, path, [](const auto &reader) { return reader.first; });
    return found == readers.end() ? nullptr : found->second;
}

}  // namespace uvoy::server
