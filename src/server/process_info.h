#pragma once

#include <cstdint>

namespace uvoy::server {

/// What the kernel says about this process.  Zero where it says nothing.
struct ProcessInfo {
    double cpu_seconds = 0;         ///< user and system
    double start_time_seconds = 0;  ///< since 1970
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
};

/// Reads /proc.
ProcessInfo read_process_info();

}  // namespace uvoy::server
