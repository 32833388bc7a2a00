#include "server/log_writer.h"

#include "base/random.h"
#include "server/seeds.h"
#include "server/start_error.h"
#include "uv/loop.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cassert>
#include <system_error>

namespace uvoy::server {

namespace {

using std::chrono::milliseconds;

// How long to sleep between two looks into the rings.  A ring of 1 MiB holds some 3,000 lines.
constexpr milliseconds shortest_sleep{1};
constexpr milliseconds longest_sleep{50};
// All rings of a worker together have no more room than so many.
constexpr std::size_t most_rings = 4;
// How long all destinations together may hold up one round, and the last one.
constexpr Duration patience_while_running = milliseconds{100};
constexpr Duration patience_at_end = std::chrono::seconds{1};

milliseconds next_sleep(milliseconds sleep, double fullness) {
    if (fullness > 1.0 / 4) return std::max(shortest_sleep, sleep / 2);
    if (fullness < 1.0 / 16) return std::min(longest_sleep, sleep * 2);
    return sleep;
}

/// Signals are for the other threads; of this one they would only interrupt system calls.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;

private:
    sigset_t before_{};
};

}  // namespace

LogWriter::LogWriter(std::span<const config::AccessLog> logs, std::size_t workers, LostLines &lost,
                     std::size_t ring_bytes)
    : streams_{log_streams(logs)}, lost_{lost}, batches_(workers) {
    assert(!logs.empty());
    for (std::size_t i = 0; i < logs.size(); ++i) {
        try {
            sinks_.emplace_back(logs[i]);
        } catch (const std::system_error &error) {
            // A single log may stand in the file without an array around it.
            const std::string place = logs.size() == 1 ? "" : fmt::format("/{}", i);
            throw StartError{
                "/access_log" + place + "/path",
                fmt::format("cannot write to {}: {}", logs[i].path, error.code().message())};
        }
    }
    ring_bytes = std::min(ring_bytes, most_rings * ring_bytes / streams_.size());
    Random seeds{random_seed()};
    for (std::size_t i = 0; i < workers; ++i)
        workers_.push_back(std::make_unique<WorkerLog>(streams_, ring_bytes, seeds.next()));
    const SignalsBlocked inherited;
    thread_ = std::thread{&LogWriter::run, this};
}

LogWriter::~LogWriter() { stop(); }

void LogWriter::stop() {
    if (!thread_.joinable()) return;
    begin_stop();
    thread_.join();
}

void LogWriter::begin_stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
}

void LogWriter::run() {
    milliseconds sleep = longest_sleep;
    std::unique_lock lock{mutex_};
    while (!wake_.wait_for(lock, sleep, [this] { return stopping_; })) {
        lock.unlock();
        sleep = next_sleep(sleep, drain(patience_while_running));
        lock.lock();
    }
    drain(patience_at_end);
    sinks_.clear();  // even if it takes a while until somebody looks
    has_stopped_.store(true, std::memory_order_release);
}

double LogWriter::drain(Duration patience) {
    if (reopening_.exchange(false, std::memory_order_relaxed))
        for (LogSink &sink : sinks_) sink.reopen();
    const TimePoint deadline = uv::Loop::now() + patience;
    double fullest = 0;
    for (std::size_t i = 0; i < streams_.size(); ++i)
        fullest = std::max(fullest, drain(i, deadline));
    return fullest;
}

double LogWriter::drain(std::size_t stream, TimePoint deadline) {
    pieces_.clear();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        const auto pieces = batches_[i].take(workers_[i]->ring(stream).peek());
        pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
    }
    for (const std::size_t log : streams_[stream].logs)
        lost_ += sinks_[log].write(pieces_, deadline);
    double fullest = 0;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        LogRing &ring = workers_[i]->ring(stream);
        ring.drop(batches_[i].size());
        fullest = std::max(fullest, static_cast<double>(batches_[i].size()) /
                                        static_cast<double>(ring.capacity()));
    }
    return fullest;
}

}  // namespace uvoy::server
