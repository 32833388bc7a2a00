#pragma once

#include "server/admin_json.h"

#include <string>
#include <string_view>

namespace uvoy::cli {

// What the admin API says, for people.  Each throws Json::exception if a key is not there.

/// Of /v1/status.
std::string status_text(const server::Json &status);

/// Of /v1/clusters: a table of all endpoints.
std::string clusters_text(const server::Json &clusters);

/// Of /v1/failures: a table, or a word if there are none.
std::string failures_text(const server::Json &failures);

/// What clients sent must not steer the terminal: all but line feeds and printable ASCII is
/// escaped.
std::string printable(std::string_view text);

/// Of /v1/reload and /v1/diff: a line for each object, and one for each cluster whose keys move.
std::string changes_text(const server::Json &changes);

}  // namespace uvoy::cli
