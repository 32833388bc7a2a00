#pragma once

#include "server/admin_json.h"

#include <string>

namespace uvoy::cli {

// What the admin API says, for people.  Each throws Json::exception if a key is not there.

/// Of /v1/status.
std::string status_text(const server::Json &status);

/// Of /v1/clusters: a table of all endpoints.
std::string clusters_text(const server::Json &clusters);

}  // namespace uvoy::cli
