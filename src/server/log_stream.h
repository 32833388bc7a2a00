#pragma once

#include "config/config.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace uvoy::server {

/// The same lines, for all destinations that want the same.
struct LogStream {
    config::LogFormat format;
    std::size_t format_number = 0;  ///< streams of one format lie one behind the other
    std::uint32_t share = 10'000;   ///< basis points of what is no error
    std::vector<std::size_t> logs;  ///< which of Config::access_log
};

/// At least one for at least one log.
std::vector<LogStream> log_streams(std::span<const config::AccessLog> logs);

}  // namespace uvoy::server
