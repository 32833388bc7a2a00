#pragma once

#include "base/delegate.h"
#include "base/random.h"
#include "uv/fd.h"

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace uvoy::server {

/// Shares new connections out over the workers.  The kernel chooses a worker by a hash of the
/// addresses, which leaves one of eight with 1.5 times its share when each has about ten; the
/// worker that accepted looks at one other and gives the connection to whichever has fewer (the
/// power of two choices, Mitzenmacher 2001), if the difference is worth a wake-up.
///
/// Without locks.  A worker has the members that name it to itself.  It must not be destroyed, nor
/// what `wake` reaches, before all workers' threads have ended.
class AcceptBalance {
public:
    struct Connection {
        uv::FileDescriptor fd;
        sockaddr_storage peer;
        std::size_t listener;
        std::uint32_t generation = 0;  ///< that `listener` is of
    };

    AcceptBalance(std::size_t workers, std::uint64_t seed);
    /// Closes what nobody took.
    ~AcceptBalance();

    AcceptBalance(const AcceptBalance &) = delete;
    AcceptBalance &operator=(const AcceptBalance &) = delete;

    /// Says how to wake a worker, from any thread.  To be called before any of them runs.
    void set_wake(std::size_t worker, Delegate<void()> wake);

    /// How many connections `worker` has now.
    void set_connections(std::size_t worker, std::size_t count);

    /// Takes `connection`, that `worker` has accepted, to another one.  False: it stays, untouched.
    bool hand_over(std::size_t worker, Connection &connection);

    /// The oldest connection that others gave to `worker`, if any.  It counts as coming until the
    /// next call.
    std::optional<Connection> take(std::size_t worker);

    /// From now on `worker` is given nothing more, nor gives.
    void close(std::size_t worker);
    /// Nothing is on its way to `worker`.  Once true behind close() it stays so.
    bool nothing_comes(std::size_t worker) const;

private:
    struct Node {
        Connection connection;
        Node *next;
    };
    struct alignas(64) Seat {
        explicit Seat(std::uint64_t seed) : random{seed} {}

        std::size_t load() const {
            return connections.load(std::memory_order_relaxed) +
                   coming.load(std::memory_order_relaxed);
        }

        std::atomic<std::size_t> connections{0};  // written by its worker
        std::atomic<std::size_t> coming{0};       // given and not yet in `connections`
        std::atomic<bool> open{true};
        std::atomic<Node *> given{nullptr};  // the newest first
        Delegate<void()> wake;
        // Of its worker alone:
        Random random;
        Node *taken = nullptr;  // the oldest first
        bool taking = false;
    };

    Seat &other_than(std::size_t worker);
    static void drop(Node *list);

    std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace uvoy::server
