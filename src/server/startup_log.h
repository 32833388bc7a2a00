#pragma once

#include "proxy/runtime.h"

#include <cstddef>

namespace uvoy::server {

struct StartUp {
    const proxy::Runtime &runtime;
    std::size_t workers = 1;
    std::size_t connections = 0;  ///< clients at once
    bool admin = false;
};

/// Says what runs and where.
void log_start_up(const StartUp &start);

}  // namespace uvoy::server
