#include "server/farewell.h"
#include "server/exposition.h"
#include "server/metrics_exporter.h"
#include "view.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::server {

namespace {

config::Config without_cache_and_c() {
    config::Config config = small_config();
    config.clusters.pop_back();
    config.clusters[0].endpoints.pop_back();
    config.listeners.pop_back();
    config.routes.pop_back();
    config.rate_limits.pop_back();
    return config;
}

std::string told(Farewell &farewell, const Scene &present) {
    ServerView view = present.view();
    const ServerView with{.state = view.state,
                          .runtime = view.runtime,
                          .workers = view.workers,
                          .totals = view.totals,
                          .clusters = view.clusters,
                          .health = view.health,
                          .ledgers = view.ledgers,
                          .farewell = &farewell};
    return exposition(MetricsExporter{with}.Collect());
}

bool has(const std::string &text, const std::string &line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("series of what was removed are told once more, in their families") {
    Scene former;
    former.worker(0).endpoint(2).requests[2].add(7);
    former.worker(0).endpoint(3).requests[2].add(8);
    former.worker(1).cluster(1).reuses.add(3);
    former.worker(1).limit(1).admitted.add(4);
    former.worker(0).endpoint(0).requests[2].add(9);
    Scene present{without_cache_and_c()};
    Farewell farewell;
    farewell.remember(former.view(), present.view());
    const std::string first = told(farewell, present);
    CHECK(has(first, R"(requests_total{backend="c",cluster="app",code="2xx"} 7)"));
    CHECK(has(first, R"(requests_total{backend="only",cluster="cache",code="2xx"} 8)"));
    CHECK(has(first, R"(uvoy_upstream_reuses_total{cluster="cache"} 3)"));
    CHECK(has(first, R"(uvoy_ratelimit_admitted_total{limit="trial"} 4)"));
    // What is there speaks for itself.
    CHECK(has(first, R"(requests_total{backend="a",cluster="app",code="2xx"} 0)"));
    CHECK_FALSE(has(first, R"(requests_total{backend="a",cluster="app",code="2xx"} 9)"));
    const std::size_t type = first.find("# TYPE requests_total ");
    CHECK(first.find("# TYPE requests_total ", type + 1) == std::string::npos);

    const std::string second = told(farewell, present);
    CHECK(second.find("cache") == std::string::npos);
    CHECK(second.find(R"(backend="c")") == std::string::npos);
    CHECK(second.find("trial") == std::string::npos);
}

TEST_CASE("the latest value of a series is the one that is told") {
    Scene former;
    Scene present{without_cache_and_c()};
    Farewell farewell;
    former.worker(0).endpoint(3).requests[2].add(1);
    farewell.remember(former.view(), present.view());
    former.worker(0).endpoint(3).requests[2].add(1);
    farewell.remember(former.view(), present.view());
    const std::string text = told(farewell, present);
    CHECK(has(text, R"(requests_total{backend="only",cluster="cache",code="2xx"} 2)"));
    CHECK_FALSE(has(text, R"(requests_total{backend="only",cluster="cache",code="2xx"} 1)"));
}

TEST_CASE("what has come back is told by itself alone") {
    Scene former;
    Scene between{without_cache_and_c()};
    Farewell farewell;
    former.worker(0).endpoint(3).requests[2].add(5);
    farewell.remember(former.view(), between.view());
    Scene again;
    const std::string text = told(farewell, again);
    CHECK(has(text, R"(requests_total{backend="only",cluster="cache",code="2xx"} 0)"));
    CHECK_FALSE(has(text, R"(requests_total{backend="only",cluster="cache",code="2xx"} 5)"));
}

TEST_CASE("nothing is kept when nothing was removed, and no more than there is room for") {
    Scene former;
    Scene same;
    Farewell farewell;
    farewell.remember(former.view(), same.view());
    CHECK(farewell.size() == 0);

    Scene present{without_cache_and_c()};
    for (std::size_t i = 0; i < 200; ++i) {
        config::Config config = small_config();
        config.clusters[1].name = "cache" + std::to_string(i);
        Scene other{std::move(config)};
        farewell.remember(other.view(), present.view());
        CHECK(farewell.size() > 0);
        CHECK(farewell.size() <= Farewell::most);
    }
}

}  // namespace uvoy::server
