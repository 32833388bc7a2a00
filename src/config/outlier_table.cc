#include "config/tables.h"

#include <algorithm>

namespace uvoy::config {

namespace {

void finish(Context &context, const Node &node, OutlierDetection &outlier) {
    if (outlier.max_eject >= outlier.eject) return;
    const Node *longest = node.find("max_eject");
    if (longest != nullptr) context.fail(*longest, "is shorter than \"eject\"");
    outlier.max_eject = std::max(outlier.max_eject, outlier.eject);
}

}  // namespace

const Table<OutlierDetection> &outlier_detection_table() {
    using T = OutlierDetection;
    static const Table<T> table{
        .noun = "an outlier detection",
        .keys = {key<T>("consecutive_failures", &T::consecutive_failures,
                        integer<std::uint32_t>(0, 1'000'000),
                        "failed tries in a row that take an endpoint out; 0 = never"),
                 key<T>("failure_ratio", &T::failure_ratio, share(),
                        "failed share of at least 20 tries in a second, three times the cluster's "
                        "median, that takes an endpoint out; \"0%\" = never"),
                 key<T>("latency_ratio", &T::latency_ratio, integer<std::uint32_t>(0, 1000),
                        "an endpoint whose mean time to the first byte is for three seconds that "
                        "many times the cluster's median gets half as many requests; 0 = never"),
                 key<T>("eject", &T::eject, duration(),
                        "how long an endpoint stays out; doubles each time it soon fails again"),
                 key<T>("max_eject", &T::max_eject, duration(), "where the doubling ends"),
                 key<T>("max_ejected", &T::max_ejected, share(),
                        "share of the endpoints that may be out by traffic; one always may, but "
                        "never the last healthy one")},
        .finish = finish};
    return table;
}

}  // namespace uvoy::config
