#pragma once

#include "server/config_changes.h"

#include <string>
#include <vector>

namespace uvoy::server {

/// What another configuration does, or would do: what `changes` says, or nothing because of
/// `problems`.
struct ReloadResult {
    /// Of one cluster.
    struct MovedKeys {
        std::string cluster;
        double share = 0;  ///< of all hash keys, 0 to 1
    };

    std::vector<std::string> problems{};  ///< one line each
    std::vector<ConfigChange> changes{};
    std::vector<MovedKeys> moved{};  ///< of clusters that go on and have a ring
};

}  // namespace uvoy::server
