#pragma once

#include "base/delegate.h"
#include "base/random.h"
#include "base/time.h"
#include "server/accept_balance.h"
#include "server/connection_budget.h"
#include "server/failure_channel.h"
#include "server/flight_recorder.h"
#include "server/generation.h"
#include "server/listening_sockets.h"
#include "uv/async.h"
#include "uv/loop.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace uvoy::server {

class WorkerGeneration;

/// What the workers of a process share.  All of it outlives them.
struct Shared {
    FailureChannel &failures;
    ConnectionBudget &budget;
    AcceptBalance &balance;
    uv::Async *progress = nullptr;  ///< sent when a worker has carried out an order; may be null
};

/// A thread with a loop, its own listening sockets, its own connections and its own counters.  The
/// members are for the control loop's thread.
class Worker {
public:
    struct Settings {
        std::size_t number = 0;
        std::uint64_t seed = 0;  ///< of its random choices
        FlightRecorder &recorder;
    };

    Worker(const Shared &shared, Settings settings);
    ~Worker();

    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    // --- orders: carried out by wake(), or by start()

    /// Serves by this generation from now on, which lives until it is over.  `sockets` are those
    /// of addresses that the former one did not have.
    void adopt(Generation &generation, std::vector<BoundSocket> sockets);
    /// All workers have adopted a later generation: this one ends when it is empty.
    void forget(std::uint32_t generation);
    /// Closes the sockets of an address that no generation since has had.
    void close(std::string address);

    /// To be called when all workers have their orders: what one of them does by those may already
    /// concern another one.
    void wake() { wake_.send(); }

    /// The number of the generation that it serves by.
    std::uint32_t adopted() const { return adopted_.load(std::memory_order_acquire); }
    /// How many orders it was given, and has carried out.
    std::size_t given() const { return given_; }
    std::size_t done() const { return done_.load(std::memory_order_acquire); }

    void start();
    /// Cuts what is left and ends the thread, if it was started.  Workers give connections to each
    /// other, so none may be destroyed before all are stopped.
    void stop();

    /// Every answer closes its connection and idle ones end, or not any more; accepts nevertheless.
    void set_resting(bool resting);
    /// For what any thread may ask of it.
    const uv::Loop &loop() const { return loop_; }
    /// How often the loop has turned for wake(), or for another command.
    std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }
    /// Stop accepting, finish what is under way.
    void drain();
    /// drain() was carried out and nothing is left.
    bool drained() const { return drained_.load(std::memory_order_acquire); }

    /// Requests that are under way, as of the last event.
    std::size_t exchanges() const { return exchanges_.load(std::memory_order_relaxed); }

private:
    enum class Command : std::uint8_t { serve, rest, drain, stop };

    struct Adopt {
        Generation *generation;
        std::vector<BoundSocket> sockets;
    };
    struct Forget {
        std::uint32_t generation;
    };
    struct Close {
        std::string address;
    };
    using Order = std::variant<Adopt, Forget, Close>;

    void give(Order order);
    void command(Command next);

    // --- on the thread

    void run();
    void on_wake();
    void obey();
    void carry_out(Adopt &order);
    void carry_out(Forget &order);
    void carry_out(Close &order);
    void receive();
    WorkerGeneration *find(std::uint32_t generation);
    void rest_all(bool resting);
    void drain_all();
    void end_retired();
    void after_event(TimePoint now);
    void on_settled();
    bool hand_over(AcceptBalance::Connection &connection);
    void report();
    stats::WorkerStats::Process &stats();

    Shared shared_;
    Settings settings_;
    uv::Loop loop_;
    uv::Async wake_;
    Random seeds_;
    std::unique_ptr<WorkerGeneration> current_;
    std::vector<std::unique_ptr<WorkerGeneration>> retired_;  // oldest first
    std::vector<std::uint32_t> to_forget_;
    std::mutex mutex_;
    std::vector<Order> orders_;  // behind mutex_
    std::size_t given_ = 0;
    std::atomic<Command> command_{Command::serve};
    std::atomic<std::uint32_t> adopted_{0};
    std::atomic<std::size_t> done_{0};
    std::atomic<std::size_t> exchanges_{0};
    std::atomic<bool> drained_{false};
    std::atomic<std::uint64_t> turns_{0};
    std::thread thread_;
};

}  // namespace uvoy::server
