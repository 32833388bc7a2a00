#pragma once

#include "config/config.h"

#include <string_view>

namespace uvoy::config {

/// The file's word: "ring_hash".
std::string_view name(Policy policy);
/// The file's word: "client_ip".
std::string_view name(KeyPart::Source source);
/// The file's word: "http".
std::string_view name(HealthCheck::Type type);

}  // namespace uvoy::config
