#pragma once

#include <string>

namespace uvoy::config {

/// The JSON Schema (draft-07) of the configuration file, from the table that the parser uses.
std::string schema();

}  // namespace uvoy::config
