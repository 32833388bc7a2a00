#pragma once

#include "config/config.h"

#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

/// What differs between two configurations, object by object.
struct ConfigChange {
    enum class Kind : std::uint8_t { added, removed, changed };

    Kind kind;
    std::string_view type;  ///< "listener", "cluster", "route", "rate limit" or "setting"
    std::string name;       ///< of the object, or the key at the top of the file

    std::string text() const;  ///< such as "cluster app changed"
};

std::vector<ConfigChange> changes(const config::Config &now, const config::Config &next);

/// Those of `changes` that only a new process can make; what they ask for, one line each.
std::vector<std::string> needs_restart(const config::Config &now, const config::Config &next);

std::string_view name(ConfigChange::Kind kind);

}  // namespace uvoy::server
