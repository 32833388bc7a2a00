#pragma once

#include "cluster/endpoint.h"
#include "cluster/health.h"
#include "proxy/runtime.h"
#include "server/health_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

/// What is known of an endpoint beyond its configuration: what an operator told of it, and that it
/// is out.  A process gives it to its successor.
struct EndpointMemory {
    /// An operator's; it counts as long as the configuration says `instead_of`.
    struct Weight {
        std::uint32_t now = 1;
        std::uint32_t instead_of = 1;
    };
    struct Out {
        cluster::EjectionCause cause = cluster::EjectionCause::health_check;
        std::string why;
    };

    std::string cluster;
    std::string name;
    std::string address;  ///< as the configuration has it
    cluster::Duty duty = cluster::Duty::ready;
    std::optional<Weight> weight;
    std::optional<Out> out;
};

/// Those endpoints of which there is anything.
std::vector<EndpointMemory> remember(const proxy::Runtime &runtime, const HealthTable &health);

/// For a process that may be of another version: at most `most` texts of at most `longest` bytes;
/// what has no room there is forgotten.
std::vector<std::string> to_texts(const std::vector<EndpointMemory> &memories, std::size_t most,
                                  std::size_t longest);

/// One of those texts; what is not understood is left out.
std::vector<EndpointMemory> read_memories(std::string_view text);

}  // namespace uvoy::server
