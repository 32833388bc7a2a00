#pragma once

#include "cli/ctl.h"

namespace CLI {  // NOLINT(readability-identifier-naming): a library's
class App;
}

namespace uvoy::cli {

/// Adds the options and commands of `uvoy ctl` to `app`; they are stored in `line`.
void add_ctl(CLI::App &app, CtlLine &line);

}  // namespace uvoy::cli
