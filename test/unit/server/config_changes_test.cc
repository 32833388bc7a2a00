#include "server/config_changes.h"
#include "view.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace uvoy::server {

namespace {

std::string told(const config::Config &now, const config::Config &next) {
    std::string text;
    for (const ConfigChange &change : changes(now, next))
        text += (text.empty() ? "" : ", ") + change.text();
    return text;
}

}  // namespace

TEST_CASE("changes are told object by object") {
    struct Case {
        std::function<void(config::Config &)> change;
        const char *told;
    };
    const std::vector<Case> cases{
        {[](config::Config &) {}, ""},
        {[](config::Config &c) { c.clusters.pop_back(); }, "cluster cache removed"},
        {[](config::Config &c) { c.clusters.push_back(cluster_of("more", {"x"})); },
         "cluster more added"},
        {[](config::Config &c) { c.clusters[0].limits.requests = 7; }, "cluster app changed"},
        {[](config::Config &c) { c.listeners[0].timeouts.body *= 2; }, "listener web changed"},
        {[](config::Config &c) { c.routes[0].match.path.text = "/x"; }, "route api changed"},
        {[](config::Config &c) { c.rate_limits[0].burst = 9; }, "rate limit per-client changed"},
        {[](config::Config &c) { std::swap(c.routes[0], c.routes[1]); },
         "setting routes (their order) changed"},
        {[](config::Config &c) { c.hash_seed = "x"; }, "setting hash_seed changed"},
    };
    for (const Case &one : cases) {
        CAPTURE(one.told);
        config::Config next = small_config();
        one.change(next);
        CHECK(told(small_config(), next) == one.told);
    }
}

TEST_CASE("an object that others come before is the same") {
    config::Config now = small_config();
    now.routes[0].action = config::Forward{1};
    now.routes[0].rate_limits = {0};
    now.routes[0].match.listener = 1;
    config::Config next = now;
    std::swap(next.clusters[0], next.clusters[1]);
    std::swap(next.rate_limits[0], next.rate_limits[1]);
    std::swap(next.listeners[0], next.listeners[1]);
    next.routes[0].action = config::Forward{0};
    next.routes[0].rate_limits = {1};
    next.routes[0].match.listener = 0;
    next.routes[1].action = config::Forward{1};
    CHECK(told(now, next).empty());
    next.routes[0].action = config::Forward{1};
    CHECK(told(now, next) == "route api changed");
}

TEST_CASE("what only a restart can change is refused") {
    const config::Config now = small_config();
    config::Config next = now;
    next.clusters.pop_back();
    next.access_log.emplace_back();
    next.admin.reset();
    CHECK(needs_restart(now, next).empty());
    next.workers = 3;
    CHECK(needs_restart(now, next).size() == 1);
}

}  // namespace uvoy::server
