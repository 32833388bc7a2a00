#pragma once

#include "cli/ctl.h"
#include "server/explain.h"

#include <cstdint>
#include <string>
#include <variant>

namespace uvoy::cli {

enum class Command : std::uint8_t {
    run,
    check,
    demo,
    demo_endpoint,
    explain,
    manual,
    schema,
    ctl,
    version
};

struct CommandLine {
    Command command = Command::version;
    std::string config;           ///< of run, check and explain
    int parent = 0;               ///< of demo_endpoint
    server::Question question{};  ///< of explain
    bool json = false;            ///< of explain
    CtlLine ctl{};                ///< of ctl
};

/// sysexits.h
inline constexpr int usage_error = 64;

/// What to do, or the exit code when that has been said already (help, a mistake in the usage).
std::variant<CommandLine, int> parse(int argc, const char *const *argv);

}  // namespace uvoy::cli
