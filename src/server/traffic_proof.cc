#include "server/traffic_proof.h"

#include <utility>

namespace uvoy::server {

TrafficProof::TrafficProof(const proxy::Runtime &runtime)
    : runtime_{runtime}, before_(runtime.dimensions().endpoints) {}

bool TrafficProof::take(proxy::EndpointId id) {
    const std::size_t number = runtime_.endpoint_number(id);
    const auto sum = stats::sum_endpoint(workers_, number);
    Counts now{.answers = sum.answers};
    for (std::size_t i = 0; i < reason_count; ++i)
        // An idle connection that was closed says nothing.
        if (static_cast<Reason>(i) != Reason::stale_connection)
            now.failures += sum.failures.values[i];
    const Counts before = std::exchange(before_[number], now);
    return now.answers != before.answers && now.failures == before.failures;
}

}  // namespace uvoy::server
