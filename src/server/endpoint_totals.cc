#include "server/endpoint_totals.h"

namespace uvoy::server {

stats::EndpointFields<stats::Summed> EndpointTotals::sum(std::size_t endpoint,
                                                         stats::Workers workers) const {
    using Fields = stats::EndpointFields<stats::Summed>;
    Fields sum = stats::sum_endpoint(workers, endpoint);
    const auto former = former_.find(endpoint);
    if (former == former_.end()) return sum;
    Fields::each([](std::uint64_t &all, const std::uint64_t &before) { all -= before; }, sum,
                 former->second);
    return sum;
}

}  // namespace uvoy::server
