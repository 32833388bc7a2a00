#pragma once

#include "server/generation.h"
#include "server/listening_sockets.h"
#include "server/worker.h"
#include "uv/async.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace uvoy::server {

/// The present generation, and those before it that end; takes the workers from one to the next.
/// Of the control loop; workers end before it.
class Generations {
public:
    /// Requests that never end, such as WebSockets, may hold so many.
    static constexpr std::size_t most = 100;
    /// For handshakes that the kernel has answered when their address is taken away.
    static constexpr Duration closing_time = std::chrono::seconds{1};

    using Workers = std::span<const std::unique_ptr<Worker>>;

    Generations(uv::Loop &loop, std::unique_ptr<Generation> first);

    Generations(const Generations &) = delete;
    Generations &operator=(const Generations &) = delete;

    Generation &present() { return *list_.back(); }
    const Generation &present() const { return *list_.back(); }
    std::size_t size() const { return list_.size(); }

    /// Workers have this to wake the control loop by.
    uv::Async &progress() { return progress_; }
    /// Told of each generation that ends, before it does.
    void set_on_end(Delegate<void(const Generation &)> on_end) { on_end_ = on_end; }
    /// The workers, which have not been started yet, get the first generation.
    void begin(Workers workers, std::vector<std::vector<BoundSocket>> sockets);

    /// Log files are opened anew by their names.
    void reopen_logs();

    /// Sockets of the addresses that this process does not listen at yet, by worker.  Throws
    /// StartError.
    std::vector<std::vector<BoundSocket>> sockets_for(const config::Config &config);
    /// The present one from now on; `sockets` are what sockets_for() gave for it.
    void add(std::unique_ptr<Generation> next, std::vector<std::vector<BoundSocket>> sockets);

private:
    struct Closing {
        std::string address;
        TimePoint due;
        std::vector<std::size_t> orders;  // by worker: how many until it is done; empty: not yet
    };

    void adopt(std::vector<std::vector<BoundSocket>> sockets);
    void on_progress();
    void forget_former();
    void end_those_over();
    void close_some();
    bool is_closed(const Closing &closing) const;
    void wake_workers();

    std::deque<std::unique_ptr<Generation>> list_;  // oldest first
    std::size_t forgotten_ = 0;                     // of list_: workers may end them
    Workers workers_;
    std::vector<Closing> closing_;
    Delegate<void(const Generation &)> on_end_;
    uv::Async progress_;
    uv::Timer timer_;
};

}  // namespace uvoy::server
