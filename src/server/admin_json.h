#pragma once

#include "base/time.h"
#include "server/server_view.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>

namespace uvoy::server {

/// One moment on both clocks.
struct Moment {
    TimePoint now;
    std::int64_t unix_milliseconds = 0;
};

Moment this_moment();

/// Keeps its keys in the order in which they were added.
using Json = nlohmann::ordered_json;

/// A listener of /v1/status.
Json listener_json(const ServerView &view, std::size_t index);

/// /v1/status: the process and its listeners.
Json status_json(const ServerView &view, const Moment &moment);

/// /v1/clusters: how each cluster and each of its endpoints is, and why.
Json clusters_json(const ServerView &view, const Moment &moment);

}  // namespace uvoy::server
