#include "server/endpoint_addresses.h"
#include "server/health_checker.h"
#include "view.h"

#include "base/log.h"

#include "../uv/fixture.h"

#include <functional>
#include <memory>
#include <string>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

/// An endpoint on the loop: says `answer` to whoever connects, after reading if it reads at all.
class FakeEndpoint {
public:
    explicit FakeEndpoint(uv::Loop &loop, std::uint16_t port = 0)
        : loop_{loop},
          socket_{loop, uv::listen_on(uv::loopback(port)),
                  uv::ListenSocket::OnAccept::bind<&FakeEndpoint::on_accept>(*this)} {}

    std::uint16_t port() const { return socket_.port(); }

    std::string answer;  ///< empty: silence
    bool closes = false;
    std::string received;
    int connections = 0;

private:
    struct Client final : proxy::TransportEvents {
        void on_connected(TimePoint) override {}
        void on_connect_failed(proxy::ConnectError, TimePoint) override {}
        void on_bytes(proxy::Bytes bytes, TimePoint) override {
            owner->received += bytes;
            if (!owner->received.ends_with("\r\n\r\n")) return;
            const proxy::Bytes pieces[]{owner->answer};
            if (!owner->answer.empty()) transport->write(pieces);
            if (owner->closes) transport->finish();
        }
        void on_end(TimePoint) override {}
        void on_congested(TimePoint) override {}
        void on_drained(TimePoint) override {}
        void on_broken(TimePoint) override {}

        FakeEndpoint *owner = nullptr;
        std::unique_ptr<uv::StreamTransport> transport;
    };

    void on_accept(int fd, const sockaddr_storage &) {
        ++connections;
        received.clear();
        clients_.push_back(std::make_unique<Client>());
        clients_.back()->owner = this;
        clients_.back()->transport = uv::StreamTransport::adopt(loop_, fd);
        clients_.back()->transport->start(*clients_.back());
    }

    uv::Loop &loop_;
    std::vector<std::unique_ptr<Client>> clients_;
    uv::ListenSocket socket_;
};

std::vector<std::string> log_lines;

/// One cluster whose endpoints are at `ports`, checked often.
struct Checked {
    explicit Checked(uv::Loop &loop_, const std::vector<std::uint16_t> &ports,
                     const std::function<void(config::HealthCheck &)> &change = {})
        : loop{loop_}, runtime{config_of(ports, change), 1, 1}, addresses{runtime} {
        log_lines.clear();
        log::set_sink([](log::Level, std::string_view line) { log_lines.emplace_back(line); });
        keeper = std::make_unique<HealthKeeper>(
            loop, runtime, 7, HealthKeeper::OnChange::bind<&Checked::on_change>(*this));
        checker = std::make_unique<HealthChecker>(loop, runtime, addresses, *keeper);
        loop.set_after_event(Delegate<void(TimePoint)>::bind<&HealthChecker::settle>(*checker));
    }
    ~Checked() {
        loop.set_after_event({});
        checker.reset();
        keeper.reset();
        log::set_sink([](log::Level, std::string_view) {});
    }

    static config::Config config_of(const std::vector<std::uint16_t> &ports,
                                    const std::function<void(config::HealthCheck &)> &change) {
        config::Config config;
        config.clusters = {cluster_of("app", std::vector<std::string>(ports.size()))};
        for (std::size_t i = 0; i < ports.size(); ++i) {
            config.clusters[0].endpoints[i].address.port = ports[i];
            config.clusters[0].endpoints[i].name = config.clusters[0].endpoints[i].address.text();
        }
        config::HealthCheck &check = config.clusters[0].health_check;
        check.interval = 10ms;
        check.timeout = 50ms;
        config.clusters[0].outlier_detection->eject = 20ms;
        if (change) change(check);
        return config;
    }

    void on_change(std::size_t cluster) {
        CHECK(cluster == 0);
        ++changes;
    }
    const EndpointHealth &endpoint(std::uint16_t index = 0) const {
        return keeper->table().at({0, index});
    }

    uv::Loop &loop;
    proxy::Runtime runtime;
    EndpointAddresses addresses;
    std::unique_ptr<HealthKeeper> keeper;
    std::unique_ptr<HealthChecker> checker;
    int changes = 0;
};

std::uint16_t unused_port() {
    return uv::local_address(uv::listen_on(uv::loopback()).get()).port();
}

void use_http(config::HealthCheck &check) {
    check.type = config::HealthCheck::Type::http;
    check.path = "/health";
}

}  // namespace

TEST_CASE(
    "an endpoint that refuses is taken out with one change and one log line, and comes back") {
    uv::Loop loop;
    FakeEndpoint good{loop};
    const std::uint16_t port = unused_port();
    Checked checked{loop, {good.port(), port}};
    CHECK(uv::turn_until(loop, [&] { return checked.changes == 1; }));
    CHECK(checked.endpoint(0).health.healthy());
    CHECK_FALSE(checked.endpoint(1).health.healthy());
    CHECK(checked.endpoint(1).all_ejections() == 1);
    CHECK(checked.endpoint(1).checks_failed == 2);
    const std::string name = "127.0.0.1:" + std::to_string(port);
    REQUIRE(log_lines.size() == 1);
    CHECK(log_lines[0] == "cluster app: endpoint " + name +
                              " is unhealthy (2 checks failed: connect_refused), 1 of 2 healthy");

    const FakeEndpoint returned{loop, port};
    CHECK(uv::turn_until(loop, [&] { return checked.changes == 2; }));
    CHECK(checked.endpoint(1).health.healthy());
    CHECK(checked.endpoint(1).checks_passed == 2);
    CHECK(checked.endpoint(1).all_ejections() == 1);
    CHECK(log_lines.back() ==
          "cluster app: endpoint " + name + " is healthy (2 checks passed), 2 of 2 healthy");
    CHECK(uv::turn_until(loop, [&] { return checked.endpoint(0).checks_passed > 5; }));
    CHECK(checked.endpoint(0).checks_failed == 0);
    CHECK(checked.changes == 2);
}

TEST_CASE("an HTTP check passes by status and tells why it does not") {
    struct Case {
        const char *answer;
        bool closes;
        const char *why;
    };
    const std::string endless(20'000, 'x');
    const std::string endless_head = "HTTP/1.1 200 OK\r\nX: " + endless;
    const Case cases[]{
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, nullptr},
        {"HTTP/1.0 204 No Content\r\n\r\n", false, nullptr},
        {"HTTP/1.1 399 Odd\r\n\r\n", true, nullptr},
        {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", true, nullptr},
        {"HTTP/1.1 503 Busy\r\n\r\n", true, "2 checks failed: status 503"},
        {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 No\r\n\r\n", true,
         "2 checks failed: status 500"},
        {"", true, "2 checks failed: reset_before_headers"},
        {"HTTP/1.1 200 OK\r\nContent-", true, "2 checks failed: reset_in_headers"},
        {"SSH-2.0-OpenSSH\r\n\r\n", false, "2 checks failed: bad_response"},
        {"", false, "2 checks failed: first_byte_timeout"},
        {endless_head.c_str(), false, "2 checks failed: response_too_large"},
    };
    for (const Case &expected : cases) {
        CAPTURE(std::string{expected.answer}.substr(0, 40));
        uv::Loop loop;
        FakeEndpoint endpoint{loop};
        endpoint.answer = expected.answer;
        endpoint.closes = expected.closes;
        Checked checked{loop, {endpoint.port()}, use_http};
        CHECK(uv::turn_until(loop, [&] {
            return checked.endpoint().checks_passed > 2 || checked.endpoint().all_ejections() > 0;
        }));
        CHECK(checked.endpoint().health.healthy() == (expected.why == nullptr));
        if (expected.why != nullptr) CHECK(checked.endpoint().health.explanation() == expected.why);
    }
}

TEST_CASE("an HTTP check asks for its path with the host that the configuration or address says") {
    for (const std::string host : {"", "app.example"}) {
        uv::Loop loop;
        FakeEndpoint endpoint{loop};
        endpoint.answer = "HTTP/1.1 200 OK\r\n\r\n";
        Checked checked{loop, {endpoint.port()}, [&](config::HealthCheck &check) {
                            use_http(check);
                            check.host = host;
                            check.interval = 10s;
                        }};
        CHECK(uv::turn_until(loop, [&] { return checked.endpoint().checks_passed == 1; }));
        const std::string expected =
            host.empty() ? "127.0.0.1:" + std::to_string(endpoint.port()) : host;
        CHECK(endpoint.received == "GET /health HTTP/1.1\r\nHost: " + expected +
                                       "\r\nUser-Agent: uvoy-health-check\r\n"
                                       "Connection: close\r\n\r\n");
    }
}

TEST_CASE("a failure that traffic saw brings the next check forward") {
    uv::Loop loop;
    FakeEndpoint endpoint{loop};
    Checked checked{
        loop, {endpoint.port()}, [](config::HealthCheck &check) { check.interval = 60s; }};
    CHECK(uv::turn_until(loop, [&] { return checked.endpoint().checks_passed == 1; }));
    uv::turn_for(loop, 20ms);
    CHECK(endpoint.connections == 1);
    checked.checker->on_passive_failure({0, 0}, Reason::connect_refused, uv::Loop::now());
    CHECK(checked.endpoint().health.fast());
    CHECK(uv::turn_until(loop, [&] { return endpoint.connections == 3; }));
    CHECK(uv::turn_until(loop, [&] { return !checked.endpoint().health.fast(); }));
    CHECK(checked.endpoint().health.healthy());
}

TEST_CASE("traffic that is answered makes TCP checks needless, until a try fails") {
    uv::Loop loop;
    FakeEndpoint endpoint{loop};
    Checked checked{loop, {endpoint.port()}};
    stats::WorkerStats stats{checked.runtime.dimensions()};
    const stats::WorkerStats *workers[]{&stats};
    checked.checker->start(workers);
    auto &counts = stats.endpoint(0);
    CHECK(uv::turn_until(loop, [&] { return endpoint.connections == 2; }));
    CHECK(checked.endpoint().checks_skipped == 0);

    const auto skips = [&] {
        counts.answers.add();
        return checked.endpoint().checks_skipped > 20;
    };
    CHECK(uv::turn_until(loop, skips));
    CHECK(endpoint.connections <= 3);
    const int before = endpoint.connections;
    const auto is_checked = [&] {
        counts.answers.add();
        counts.failures[Reason::route_timeout].add();
        return endpoint.connections > before + 2;
    };
    CHECK(uv::turn_until(loop, is_checked));
}

TEST_CASE("who is out by traffic does not return for taking connections, but for an answer") {
    uv::Loop loop;
    FakeEndpoint endpoint{loop};
    FakeEndpoint other{loop};
    Checked checked{loop, {endpoint.port(), other.port()}};
    CHECK(uv::turn_until(loop, [&] { return checked.endpoint().checks_passed > 2; }));
    CHECK(endpoint.received.empty());
    REQUIRE(checked.keeper->eject({0, 0}, cluster::EjectionCause::consecutive_failures, "5 failed",
                                  uv::Loop::now()));
    CHECK(uv::turn_until(loop, [&] { return checked.endpoint().checks_failed == 3; }));
    CHECK_FALSE(checked.endpoint().health.healthy());
    CHECK_FALSE(checked.endpoint().health.checks_good());
    CHECK(checked.endpoint(1).checks_failed == 0);
    CHECK(endpoint.received.starts_with("OPTIONS * HTTP/1.1\r\nHost: "));
    CHECK(other.received.empty());
    SUBCASE("any answer will do") { endpoint.answer = "HTTP/1.1 405 Method Not Allowed\r\n\r\n"; }
    SUBCASE("and so will a closed connection") { endpoint.closes = true; }
    CHECK(uv::turn_until(loop, [&] { return checked.endpoint().health.healthy(); }));
    CHECK(uv::turn_until(loop, [&] { return endpoint.received.empty(); }));
}

TEST_CASE("a check under way when an endpoint goes out by traffic says nothing for it") {
    uv::Loop loop;
    FakeEndpoint endpoint{loop};
    FakeEndpoint other{loop};
    Checked checked{loop, {endpoint.port(), other.port()}};
    struct Ejector {
        void after_event(TimePoint now) {
            if (checked.endpoint().health.healthy())
                checked.keeper->eject({0, 0}, cluster::EjectionCause::consecutive_failures,
                                      "5 failed", now);
            checked.checker->settle(now);
        }
        Checked &checked;
    } ejector{checked};
    loop.set_after_event(Delegate<void(TimePoint)>::bind<&Ejector::after_event>(ejector));
    CHECK(uv::turn_until(loop, [&] { return checked.endpoint().checks_failed == 1; }));
    CHECK(endpoint.connections == 2);
    CHECK(checked.endpoint().checks_passed == 0);
}

TEST_CASE("an HTTP check is never skipped") {
    uv::Loop loop;
    FakeEndpoint endpoint{loop};
    endpoint.answer = "HTTP/1.1 200 OK\r\n\r\n";
    Checked checked{loop, {endpoint.port()}, use_http};
    stats::WorkerStats stats{checked.runtime.dimensions()};
    const stats::WorkerStats *workers[]{&stats};
    checked.checker->start(workers);
    CHECK(uv::turn_until(loop, [&] {
        stats.endpoint(0).answers.add();
        return checked.endpoint().checks_passed > 5;
    }));
    CHECK(checked.endpoint().checks_skipped == 0);
}

TEST_CASE("endpoints without checks stay healthy, whatever happens") {
    uv::Loop loop;
    Checked checked{loop, {unused_port()}, [](config::HealthCheck &check) {
                        check.type = config::HealthCheck::Type::none;
                    }};
    checked.checker->on_passive_failure({0, 0}, Reason::connect_refused, uv::Loop::now());
    uv::turn_for(loop, 30ms);
    CHECK(checked.endpoint().health.healthy());
    CHECK(checked.endpoint().checks_failed == 0);
}

TEST_CASE("checks under way end with their checker") {
    uv::Loop loop;
    FakeEndpoint silent{loop};
    {
        Checked checked{loop, {silent.port(), silent.port()}, use_http};
        CHECK(uv::turn_until(loop, [&] { return silent.connections == 2; }));
    }
    // ~Loop aborts when a handle is still open.
}

}  // namespace uvoy::server
