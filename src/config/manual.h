#pragma once

#include <string>
#include <string_view>

namespace uvoy::config {

/// The manual page uvoy.json(5) in mdoc(7): every key of the table that the parser uses.
std::string manual(std::string_view version);

/// The same, of what a schema says; for tests.
std::string manual_keys(std::string_view schema);

}  // namespace uvoy::config
