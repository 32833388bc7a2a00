#pragma once

#include "base/time.h"
#include "config/config.h"
#include "server/log_ring.h"
#include "server/log_sink.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace uvoy::server {

/// Writes the access log on a thread of its own, so that no worker waits for a disk or a pipe.  It
/// looks into the rings by the clock: a worker that logs makes no system call.
class LogWriter {
public:
    static constexpr std::size_t default_ring_bytes = std::size_t{1} << 20;

    /// Opens all `logs` (at least one) and starts; every one gets every line.  Throws StartError
    /// that names the key of what cannot be opened.
    LogWriter(std::span<const config::AccessLog> logs, std::size_t workers,
              std::size_t ring_bytes = default_ring_bytes);
    ~LogWriter();

    LogWriter(const LogWriter &) = delete;
    LogWriter &operator=(const LogWriter &) = delete;

    /// Where that worker, and nobody else, pushes its lines.
    LogRing &ring(std::size_t worker) { return *rings_[worker]; }

    /// Soon every file is opened anew by its name; for who renames them to keep them short.
    void reopen() { reopening_.store(true, std::memory_order_relaxed); }

    /// Writes what is left, then ends.  Nobody pushes any more.  What a destination does not take
    /// within a second is lost.
    void stop();

    /// Lines that a destination did not take, since the start.  Any thread.
    std::uint64_t lost_lines() const { return lost_lines_.load(std::memory_order_relaxed); }

private:
    void run();
    /// Returns how full the fullest ring was, 0..1.
    double drain(Duration patience);

    std::vector<std::unique_ptr<LogRing>> rings_;
    std::vector<LogSink> sinks_;
    std::vector<std::string_view> pieces_;  // scratch of the thread: two a ring
    std::atomic<std::uint64_t> lost_lines_{0};
    std::atomic<bool> reopening_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // under mutex_
    std::thread thread_;
};

}  // namespace uvoy::server
