#include "server/snapshot_publisher.h"

#include "view.h"

#include <doctest/doctest.h>

using namespace uvoy;
using namespace uvoy::server;

namespace {

void fail_checks(HealthTable &health, proxy::EndpointId id) {
    Random random{1};
    for (int i = 0; i < 2; ++i) {
        health.at(id).health.on_check_result({.ok = false, .detail = "connect_refused"},
                                             uv::Loop::now(), random);
    }
}

}  // namespace

TEST_CASE("changes of one moment are published together") {
    uv::Loop loop;
    Scene scene;
    SnapshotPublisher publisher{loop, scene.clusters};
    publisher.set_health(scene.health);

    fail_checks(scene.health, {.cluster = 0, .index = 0});
    publisher.on_change(0);
    fail_checks(scene.health, {.cluster = 0, .index = 2});
    publisher.on_change(0);
    CHECK(scene.clusters.publishes() == 0);
    loop.run();

    CHECK(scene.clusters.publishes() == 1);
    CHECK_FALSE(scene.clusters.current(0).healthy(0));
    CHECK(scene.clusters.current(0).healthy(1));
    CHECK_FALSE(scene.clusters.current(0).healthy(2));
    CHECK(scene.clusters.current(0).panic());
    CHECK(scene.clusters.current(1).healthy(0));
}

TEST_CASE("publishes keep their distance") {
    uv::Loop loop;
    Scene scene;
    SnapshotPublisher publisher{loop, scene.clusters};
    publisher.set_health(scene.health);

    publisher.on_change(0);
    loop.run();
    const TimePoint first = uv::Loop::now();
    publisher.on_change(1);
    loop.run();
    CHECK(scene.clusters.publishes() == 2);
    // The first publish came a little before the clock was read.
    CHECK(uv::Loop::now() - first >= SnapshotPublisher::spacing - std::chrono::milliseconds{2});
}

TEST_CASE("a cluster is published again and again while an endpoint of it starts slowly") {
    uv::Loop loop;
    config::Config config = small_config();
    config.clusters[0].load_balancing.slow_start = std::chrono::milliseconds{250};
    Scene scene{std::move(config)};
    SnapshotPublisher publisher{loop, scene.clusters};
    publisher.set_health(scene.health);

    fail_checks(scene.health, {.cluster = 0, .index = 1});
    publisher.on_change(0);
    loop.run();
    CHECK(scene.clusters.publishes() == 1);
    CHECK_FALSE(scene.clusters.current(0).healthy(1));

    Random random{1};
    for (int i = 0; i < 2; ++i)
        scene.health.at({.cluster = 0, .index = 1})
            .health.on_check_result({.ok = true, .detail = {}}, uv::Loop::now(), random);
    publisher.on_change(0);
    uv::Timer soon{loop, Delegate<void()>::bind<&uv::Loop::stop>(loop)};
    soon.arm(std::chrono::milliseconds{50});
    loop.run();
    CHECK(scene.clusters.publishes() == 2);
    CHECK(scene.clusters.current(0).state(1).ramp == cluster::full_ramp / 10);

    loop.run();  // until no timer is armed
    CHECK(scene.clusters.current(0).state(1).ramp == cluster::full_ramp);
    CHECK(scene.clusters.publishes() >= 4);
    CHECK(scene.clusters.publishes() <= 6);
}
