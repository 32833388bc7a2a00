#pragma once

#include "base/reason.h"
#include "server/admin_json.h"
#include "server/admin_query.h"
#include "server/server_view.h"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

namespace uvoy::server {

/// Which of the failures are asked for.
struct FailureFilter {
    static constexpr std::size_t most = 10'000;

    std::size_t limit = 100;
    std::optional<Reason> reason{};
    std::optional<std::string> cluster{};
};

/// `limit`, `reason` and `cluster`, each of which may be missing.
std::variant<FailureFilter, Refusal> failure_filter(const Query &query);

/// /v1/failures: what the workers' flight recorders hold, the newest first.
Json flight_json(const ServerView &view, const FailureFilter &filter);

}  // namespace uvoy::server
