#pragma once

#include "base/random.h"
#include "proxy/access_log_line.h"
#include "server/log_ring.h"
#include "server/log_stream.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

/// One worker's end of an access log: makes the lines, of each format once, and leaves them in a
/// ring for each stream, where the log writer finds them.  No system call, no allocation.
class WorkerLog {
public:
    /// `streams` outlive it; `seed` decides what is sampled.
    WorkerLog(std::span<const LogStream> streams, std::size_t ring_bytes, std::uint64_t seed);

    WorkerLog(const WorkerLog &) = delete;
    WorkerLog &operator=(const WorkerLog &) = delete;

    /// Returns how many lines were lost, one for each destination that misses one.
    std::size_t write(const proxy::ExchangeRecord &record);

    /// Whose other end the log writer has.
    LogRing &ring(std::size_t stream) { return *rings_[stream]; }

private:
    /// Valid until the next one.
    std::string_view line_of(const proxy::ExchangeRecord &record, const config::LogFormat &format);

    std::span<const LogStream> streams_;
    std::vector<std::unique_ptr<LogRing>> rings_;
    bool chooses_;  // some stream does not want all lines
    Random random_;
    std::string long_line_;  // reused
    std::array<char, 4096> line_;
};

}  // namespace uvoy::server
