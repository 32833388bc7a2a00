#pragma once

#include "cli/ctl.h"

namespace CLI {
class App;
}

namespace uvoy::cli {

/// Adds the options and commands of `uvoy ctl` to `app`; they are stored in `line`.
void add_ctl(CLI::App &app, CtlLine &line);

}  // namespace uvoy::cli
