#pragma once

#include "config/load.h"
#include "config/node.h"

#include <string>

namespace uvoy::config {

/// A configuration as it may be shown: JSON in the order of the file, references as they are
/// written, and no secret.
std::string shown(const Node &root);

/// load(), and the file as it may be shown; empty if there are mistakes in it.
struct Shown {
    Loaded loaded;
    std::string text{};
};
Shown load_shown(const std::string &path);

}  // namespace uvoy::config
