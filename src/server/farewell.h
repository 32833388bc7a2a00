#pragma once

#include "server/metric_family.h"
#include "server/server_view.h"

#include <cstddef>

namespace uvoy::server {

/// The last values of series whose object a reload removed.  Without them, what was counted between
/// the last scrape and the end of the object would be nowhere.  Of the control loop.
class Farewell {
public:
    /// Of the oldest as many are forgotten, if nobody scrapes.
    static constexpr std::size_t most = 10'000;

    /// Keeps what `former` counts and `present` does not name.  Once when another configuration
    /// takes its place, and again when the last request that began with it has ended.
    void remember(const ServerView &former, const ServerView &present);

    /// Appends the series that `list` does not have, and forgets all of them.
    void tell(MetricFamilies &list);

    std::size_t size() const;

private:
    MetricFamilies series_;
};

}  // namespace uvoy::server
