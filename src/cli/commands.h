#pragma once

#include "cli/command_line.h"

namespace uvoy::cli {

/// sysexits.h: something is wrong with the configuration.
inline constexpr int configuration_error = 78;

/// Carries out a command; returns the exit code.
int execute(const CommandLine &line);

}  // namespace uvoy::cli
