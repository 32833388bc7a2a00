#include "server/demo.h"

#include "base/log.h"
#include "config/load.h"
#include "server/control_loop.h"
#include "server/duration_text.h"
#include "server/listening_sockets.h"
#include "server/start_error.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <utility>

namespace uvoy::server {

namespace {

constexpr std::array<std::uint16_t, 3> ports{8081, 8082, 8083};

constexpr std::string_view configuration = R"({
  "listeners": { "web": { "address": "127.0.0.1:3000" } },
  "clusters": {
    "app": {
      "endpoints": ["127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083"],
      "health_check": { "path": "/healthz" }
    }
  },
  "rate_limits": { "per_client": { "rate": "5/s", "burst": 5, "key": ["client_ip"] } },
  "routes": [
    { "name": "hello", "match": { "path": "/hello" },
      "respond": { "status": 200, "body": "hello, this is uvoy itself\n" } },
    { "name": "limited", "match": { "path": { "prefix": "/limited" } },
      "cluster": "app", "rate_limits": ["per_client"] },
    { "name": "all", "cluster": "app" }
  ]
})";

constexpr std::string_view what_to_try = R"(
uvoy demo: the proxy is http://127.0.0.1:3000, three endpoints are behind it

  curl localhost:3000/any/path         the same path goes to the same endpoint
  curl localhost:3000/hello            uvoy answers by itself
  for i in $(seq 9); do curl -so /dev/null -w '%{http_code} ' localhost:3000/limited; done
                                       5 requests a second pass, more are answered with 429
  curl localhost:9901/v1/clusters      who is healthy, and why
  curl localhost:9901/metrics          everything that is counted

)";

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void print_what_to_try(const std::vector<std::unique_ptr<DemoChild>> &children) {
    std::string text{what_to_try};
    for (const auto &child : children)
        text += fmt::format("  kill {:<31} ends endpoint {}\n", child->pid(), child->address());
    text += fmt::format(
        "                                       the others serve its paths until it is back {} "
        "later\n\nCtrl-C ends everything.\n\n",
        duration_text(DemoChild::comes_back_after));
    print(text);
}

}  // namespace

DemoChild::DemoChild(uv::Loop &loop, std::uint16_t port)
    : loop_{loop}, port_{port}, timer_{loop, Delegate<void()>::bind<&DemoChild::on_timer>(*this)} {
    start();
}

std::string DemoChild::address() const { return fmt::format("127.0.0.1:{}", port_); }

void DemoChild::start() {
    const config::Address address{.host = "127.0.0.1", .port = port_, .path = {}};
    // Its only owner will be the process, so that the port is closed when it ends.
    const auto sockets = listen_at(address, 1, "demo endpoint");
    process_ = std::make_unique<ChildProcess>(
        loop_, std::vector<std::string>{"demo-endpoint", std::to_string(getpid())}, sockets.front(),
        Delegate<void()>::bind<&DemoChild::on_exit>(*this));
}

void DemoChild::on_exit() {
    log::warning("demo: process {} of endpoint {} has ended, a new one comes in {}", pid(),
                 address(), duration_text(comes_back_after));
    timer_.arm(comes_back_after);
}

void DemoChild::on_timer() {
    try {
        start();
        log::info("demo: endpoint {} is back, process {}", address(), pid());
    } catch (const std::exception &error) {
        log::error("{}; trying again in {}", error.what(), duration_text(comes_back_after));
        timer_.arm(comes_back_after);
    }
}

int run_demo() {
    config::Loaded loaded = config::parse(configuration);
    assert(loaded.config);
    ControlLoop control{{.config = std::move(*loaded.config),
                         .config_path = {},
                         .config_hash = {},
                         .ends_on_hangup = true}};
    std::vector<std::unique_ptr<DemoChild>> children;
    children.reserve(ports.size());
    for (const std::uint16_t port : ports)
        children.push_back(std::make_unique<DemoChild>(control.loop(), port));
    print_what_to_try(children);
    return control.run();
}

}  // namespace uvoy::server
