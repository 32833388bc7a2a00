#include "server/demo_endpoint.h"

#include "proxy/proxy.h"
#include "proxy/runtime.h"
#include "server/proxy_driver.h"
#include "uv/address.h"
#include "uv/loop.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace uvoy::server {

namespace {

class Silence final : public proxy::Observer {
public:
    void on_endpoint_failure(const proxy::EndpointFailure &) override {}
    void on_exchange(const proxy::ExchangeRecord &) override {}
};

/// Says who answers and what it was asked.
class Mirror final : public proxy::Service {
public:
    explicit Mirror(std::string name) : name_{std::move(name)} {}

    proxy::ServiceReply serve(const http::RequestHead &head, std::string_view path,
                              std::string_view query) override {
        proxy::LocalAnswer answer;
        answer.body = fmt::format("endpoint {} (process {}) got {} {}{}{}\n", name_, getpid(),
                                  head.method_text, path, query.empty() ? "" : "?", query);
        for (const http::Field &field : head.fields)
            answer.body += fmt::format("    {}: {}\n", field.name, field.value);
        return answer;
    }

private:
    std::string name_;
};

config::Config one_listener() {
    config::Config config;
    config.listeners.emplace_back().name = "endpoint";
    return config;
}

}  // namespace

int run_demo_endpoint(uv::FileDescriptor listening, int parent) {
    // Ctrl-C reaches all processes of the terminal; this one serves until the proxy has drained.
    signal(SIGINT, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return 1;  // it ended before that

    Mirror mirror{uv::to_text(uv::local_address(listening.get()))};
    Silence silence;
    const proxy::Runtime runtime{one_listener(), 0, 1};
    stats::WorkerStats stats{runtime.dimensions()};
    uv::Loop loop;
    ProxyDriver driver{
        loop,
        {.runtime = runtime, .ports = {.observer = &silence, .stats = &stats, .service = &mirror}}};
    loop.set_after_event(Delegate<void(TimePoint)>::bind<&ProxyDriver::settle>(driver));
    driver.listen(std::move(listening), 0);
    loop.run();
    return 0;
}

}  // namespace uvoy::server
