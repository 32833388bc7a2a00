#include "server/explain_trial.h"

#include "proxy/proxy.h"
#include "stats/worker_stats.h"

#include <memory>

namespace uvoy::server {

namespace {

/// A client who does not listen.
class Nowhere final : public proxy::Transport {
public:
    void write(std::span<const proxy::Bytes>) override {}
    bool congested() const override { return false; }
    std::size_t queued() override { return 0; }
    std::size_t in_kernel() override { return 0; }
    bool has_input() const override { return false; }
    void pause_reading() override {}
    void resume_reading() override {}
    void finish() override {}
    void reset() override {}
};

/// The outside world of the one request.
class Notebook final : public proxy::Balancer, public proxy::Observer, public proxy::Dialer {
public:
    std::optional<Pick> pick(std::uint16_t cluster, std::uint64_t hash,
                             std::span<const std::uint16_t>, TimePoint) override {
        trial.forward = {.cluster = cluster, .hash = hash};
        return std::nullopt;
    }
    std::uint64_t in_flight(std::uint16_t) const override { return 0; }
    bool is_out(proxy::EndpointId) const override { return false; }
    void on_endpoint_failure(const proxy::EndpointFailure &) override {}
    void on_exchange(const proxy::ExchangeRecord &record) override {
        trial.status = record.status;
        trial.reason = record.reason;
        trial.host = record.host;
        trial.path = record.path;
        trial.client = record.client;
        told = true;
    }
    std::unique_ptr<proxy::Transport> dial(proxy::EndpointId, proxy::TransportEvents &) override {
        return std::make_unique<Nowhere>();
    }

    Trial trial;
    bool told = false;
};

}  // namespace

Trial try_request(const proxy::Runtime &runtime, std::size_t listener, const std::string &client_ip,
                  std::string_view head) {
    const TimePoint now{std::chrono::hours{1}};
    Notebook notebook;
    stats::WorkerStats stats{runtime.dimensions()};
    proxy::Proxy proxy{
        runtime,
        {.dialer = &notebook, .balancer = &notebook, .observer = &notebook, .stats = &stats},
        1,
        now};
    proxy::TransportEvents &client =
        proxy.accept(std::make_unique<Nowhere>(), listener, client_ip, now);
    proxy.settle(now);
    client.on_bytes(head, now);
    proxy.settle(now);
    // A body was announced, and the exchange waits for its end: none comes.
    if (!notebook.told) {
        client.on_end(now);
        proxy.settle(now);
    }
    return notebook.trial;
}

}  // namespace uvoy::server
