#pragma once

#include "config/config.h"
#include "config/table.h"

#include <vector>

// The tables of all objects, one file each.  A new key is a member in config.h and a line in the
// table of its object; parser, schema and defaults follow.

namespace uvoy::config {

const Table<Config> &top_table();
const Table<Listener> &listener_table();
const Table<Route> &route_table();
const Table<Cluster> &cluster_table();
const Table<Endpoint> &endpoint_table();
const Table<Discovery> &discovery_table();
const Table<HealthCheck> &health_check_table();
const Table<OutlierDetection> &outlier_detection_table();
const Table<RateLimit> &rate_limit_table();
const Table<Retry> &retry_table();
const Table<RetryBudget> &retry_budget_table();
const Table<Respond> &respond_table();
const Table<Match> &match_table();
const Table<AccessLog> &access_log_table();

/// What may stand in a hash key.
Type<std::vector<KeyPart>> hash_key();
/// What may stand in a rate limit's key: also "route", and nothing at all.
Type<std::vector<KeyPart>> rate_limit_key();

/// Names of rate limits.
inline Type<std::vector<std::size_t>> rate_limit_names() {
    constexpr std::size_t most = 16;
    return list(reference_to("rate_limits", "rate limit"), 0, most);
}

}  // namespace uvoy::config
