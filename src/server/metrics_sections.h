#pragma once

#include "server/metric_family.h"
#include "server/server_view.h"

/// The parts of the exposition, each of which appends its families.
namespace uvoy::server {

void append_headlines(MetricFamilies &list, const ServerView &view);
void append_downstream(MetricFamilies &list, const ServerView &view);
void append_upstream(MetricFamilies &list, const ServerView &view);
void append_health(MetricFamilies &list, const ServerView &view);
void append_discovery(MetricFamilies &list, const ServerView &view);
void append_limits(MetricFamilies &list, const ServerView &view);
void append_process(MetricFamilies &list, const ServerView &view);

}  // namespace uvoy::server
