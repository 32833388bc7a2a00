#include "server/farewell.h"

#include "proxy/kinship.h"
#include "server/metrics_sections.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace uvoy::server {

namespace {

using Indexes = std::set<std::size_t>;

bool all_go_on(const std::vector<std::size_t> &heirs, std::size_t former) {
    const Indexes kept{heirs.begin(), heirs.end()};
    return kept.size() - kept.count(stats::Lineage::nobody) == former;
}

bool endpoints_go_on(const std::vector<std::size_t> &heirs, const proxy::Runtime &former) {
    const Indexes kept{heirs.begin(), heirs.end()};
    return std::ranges::all_of(former.clusters(), [&](const proxy::ClusterRuntime &cluster) {
        return std::ranges::all_of(cluster.endpoints, [&](const auto &endpoint) {
            return !endpoint || kept.contains(cluster.first_endpoint + endpoint->index);
        });
    });
}

bool everything_goes_on(const proxy::Runtime &former, const proxy::Runtime &present) {
    const stats::Lineage heirs = proxy::lineage(former, present);
    const config::Config &config = former.config();
    return all_go_on(heirs.listeners, config.listeners.size()) &&
           all_go_on(heirs.routes, config.routes.size()) &&
           all_go_on(heirs.clusters, config.clusters.size()) &&
           all_go_on(heirs.limits, config.rate_limits.size()) &&
           endpoints_go_on(heirs.endpoints, former);
}

/// Those that count what the objects of a configuration do.
MetricFamilies series_of_objects(const ServerView &view) {
    MetricFamilies list;
    append_headlines(list, view);
    append_downstream(list, view);
    append_upstream(list, view);
    append_limits(list, view);
    return list;
}

std::string key(const prometheus::ClientMetric &metric) {
    std::string text;
    for (const auto &label : metric.label)
        text.append(label.name).append(1, '\0').append(label.value).append(1, '\0');
    return text;
}

std::set<std::string> keys(const MetricFamilies &list, const std::string &name) {
    std::set<std::string> found;
    for (const auto &family : list)
        if (family.name == name)
            for (const auto &metric : family.metric) found.insert(key(metric));
    return found;
}

void subtract(MetricFamilies &list, const MetricFamilies &known) {
    for (auto &family : list) {
        const std::set<std::string> there = keys(known, family.name);
        std::erase_if(family.metric,
                      [&](const auto &metric) { return there.contains(key(metric)); });
    }
    std::erase_if(list, [](const auto &family) { return family.metric.empty(); });
}

/// To the end of the families of their names.
void append(MetricFamilies &list, MetricFamilies more) {
    for (auto &family : more) {
        const auto same =
            std::ranges::find_if(list, [&](const auto &each) { return each.name == family.name; });
        if (same == list.end()) list.push_back(std::move(family));
        else std::ranges::move(family.metric, std::back_inserter(same->metric));
    }
}

std::size_t count(const MetricFamilies &list) {
    std::size_t sum = 0;
    for (const auto &family : list) sum += family.metric.size();
    return sum;
}

}  // namespace

void Farewell::remember(const ServerView &former, const ServerView &present) {
    if (everything_goes_on(former.runtime, present.runtime)) return;
    MetricFamilies gone = series_of_objects(former);
    subtract(gone, series_of_objects(present));
    subtract(series_, gone);
    if (count(series_) + count(gone) > most) series_.clear();
    if (count(gone) <= most) append(series_, std::move(gone));
}

void Farewell::tell(MetricFamilies &list) {
    subtract(series_, list);
    append(list, std::exchange(series_, {}));
}

std::size_t Farewell::size() const { return count(series_); }

}  // namespace uvoy::server
