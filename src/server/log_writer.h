#pragma once

#include "base/time.h"
#include "config/config.h"
#include "server/line_batch.h"
#include "server/log_sink.h"
#include "server/log_stream.h"
#include "server/lost_lines.h"
#include "server/worker_log.h"

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

    /// Opens all `logs` (at least one) and starts; `lost` counts the lines that they do not take.
    /// Throws StartError that names the key of what cannot be opened.
    LogWriter(std::span<const config::AccessLog> logs, std::size_t workers, LostLines &lost,
              std::size_t ring_bytes = default_ring_bytes);
    /// stop()
    ~LogWriter();

    LogWriter(const LogWriter &) = delete;
    LogWriter &operator=(const LogWriter &) = delete;

    /// Where that worker, and nobody else, writes.
    WorkerLog &worker(std::size_t number) { return *workers_[number]; }

    /// Soon every file is opened anew by its name; for who renames them to keep them short.
    void reopen() { reopening_.store(true, std::memory_order_relaxed); }

    /// Writes what is left, then ends.  Nobody pushes any more.  What a destination does not take
    /// within a second is lost.
    void stop();
    /// The same without waiting for it: a disk that hangs would hold up the caller for ever.
    void begin_stop();
    /// Whether stop() returns at once.
    bool has_stopped() const { return has_stopped_.load(std::memory_order_acquire); }

private:
    void run();
    /// Returns how full the fullest ring was, 0..1.
    double drain(Duration patience);
    /// As far as the workers have come.  Returns how full the fullest ring was.
    double drain(std::size_t stream, TimePoint deadline);

    std::vector<LogStream> streams_;
    std::vector<std::unique_ptr<WorkerLog>> workers_;
    std::vector<LogSink> sinks_;  // one for each log
    LostLines &lost_;
    std::vector<LineBatch> batches_;        // scratch of the thread: one a worker
    std::vector<std::string_view> pieces_;  // likewise
    std::atomic<bool> reopening_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // under mutex_
    std::atomic<bool> has_stopped_{false};
    std::thread thread_;
};

}  // namespace uvoy::server
