#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/peak_ewma.h"

namespace uvoy::cluster {

/// Requests under way at all endpoints of a cluster.  Only clusters that need the sum at each pick
/// have one, for it is one more word that all workers write.
struct alignas(64) ClusterLoad {
    std::atomic<std::uint32_t> in_flight{0};
};

/// What an operator wants of an endpoint.
enum class Duty : std::uint8_t {
    ready,
    drain,        ///< no further request goes there; it is checked on
    maintenance,  ///< nor a check
};

inline constexpr std::array<std::string_view, 3> duty_names{"ready", "drain", "maintenance"};
inline std::string_view name(Duty duty) { return duty_names[static_cast<std::size_t>(duty)]; }

/// One server that answers requests.  Its identity never changes: what changes it makes another
/// Endpoint.  Shared by all workers; whoever has a request there has counted it with enter().
struct Endpoint {  // NOLINT(clang-analyzer-optin.performance.Padding): that is the point
    struct Identity {
        std::string name;            ///< unique in its cluster; what the ring knows it by
        std::string address;         ///< as the configuration has it
        std::uint32_t weight = 1;    ///< share relative to the others, at least 1
        std::uint16_t index = 0;     ///< place in its cluster's list
        std::uint16_t priority = 0;  ///< 0 is asked first
        /// Tells it from all others that ever had its index.
        std::uint32_t generation = 0;
    };

    explicit Endpoint(Identity identity, std::shared_ptr<ClusterLoad> load_ = nullptr)
        : name{std::move(identity.name)},
          address{std::move(identity.address)},
          weight{identity.weight},
          index{identity.index},
          priority{identity.priority},
          generation{identity.generation},
          load{std::move(load_)} {}

    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;

    const std::string name;
    const std::string address;
    const std::uint32_t weight;  ///< as configured
    const std::uint16_t index;
    const std::uint16_t priority;
    const std::uint32_t generation;
    const std::shared_ptr<ClusterLoad> load;  ///< null where no policy asks for it

    /// One request more.  Returns how many there were before.
    std::uint32_t enter() {
        if (load) load->in_flight.fetch_add(1, std::memory_order_relaxed);
        return in_flight.fetch_add(1, std::memory_order_relaxed);
    }
    /// After an enter().  The endpoint may be destroyed once nobody is in it and no snapshot lists
    /// it: what was read or written of it before is over for whoever sees the new count.
    void leave() {
        if (load) load->in_flight.fetch_sub(1, std::memory_order_relaxed);
        in_flight.fetch_sub(1, std::memory_order_release);
    }

    /// The one that counts.  What changes it makes the Membership anew.
    std::uint32_t weight_now() const { return weight_now_.load(std::memory_order_relaxed); }
    void set_weight(std::uint32_t next) { weight_now_.store(next, std::memory_order_relaxed); }

    /// A try ended well: a load of a line that is at hand anyway, and a store after a failure only.
    void note_success() {
        if (failures_in_row.load(std::memory_order_relaxed) != 0)
            failures_in_row.store(0, std::memory_order_relaxed);
    }
    void note_failure() { failures_in_row.fetch_add(1, std::memory_order_relaxed); }

    /// Of the thread that makes the Membership.
    Duty duty = Duty::ready;

    /// Requests under way in the whole process, relaxed.  What workers share of the request path,
    /// so it has a cache line of its own, with what is written at the same moments.
    alignas(64) std::atomic<std::uint32_t> in_flight{0};
    /// Tries of the whole process that failed one after the other.
    std::atomic<std::uint32_t> failures_in_row{0};
    /// Nobody reads or writes it but where the policy is peak_ewma.
    PeakEwma latency;

private:
    std::atomic<std::uint32_t> weight_now_{weight};
};

}  // namespace uvoy::cluster
