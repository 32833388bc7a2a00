#pragma once

#include "config/address.h"
#include "server/explain.h"

#include <cstdint>
#include <string>

namespace uvoy::cli {

/// What `uvoy ctl` is asked to do.
struct CtlLine {
    enum class Verb : std::uint8_t {
        status,
        clusters,
        drain,
        undrain,
        upgrade,
        log_level,
        endpoint,
        reload,
        diff,
        failures,
        explain
    };

    Verb verb = Verb::status;
    std::string admin;    ///< address; empty: as the configuration says
    std::string config;   ///< its path; empty: the packaged one, if it is there
    bool json = false;    ///< print what the admin API says as it is
    std::string level{};  ///< of log_level
    std::string file{};   ///< of diff
    // Of failures; empty, 0: all, as many as usual.
    std::string reason{};
    int limit = 0;
    server::Question question{};  ///< of explain
    // Of endpoint, and of failures; empty, 0: stays.
    std::string cluster{};
    std::string endpoint{};
    std::string state{};
    int weight = 0;
};

/// Where the admin API is.  Throws Unreachable, or std::invalid_argument.
config::Address admin_address(const CtlLine &line);

/// Exit codes of `uvoy ctl`.
enum class CtlExit : std::uint8_t { done = 0, refused = 1, usage = 2, unreachable = 3 };

/// Asks a running uvoy and prints what it says; reasons go to standard error.
CtlExit run_ctl(const CtlLine &line);

}  // namespace uvoy::cli
