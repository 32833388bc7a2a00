#include "stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace uvoy::sim {

class Stage::End final : public proxy::Transport {
public:
    End(Stage &stage, Wire &wire) : stage_{stage}, wire_{wire} {}
    ~End() override {
        wire_.send_put_off();
        wire_.open = false;
        wire_.events = nullptr;
        wire_.ended = wire_.ended || !wire_.reset;
        stage_.note(stage_.closings_, {});
    }

    void write(std::span<const proxy::Bytes> pieces) override {
        const bool put_off = wire_.puts_off && wire_.queue.empty();
        for (const proxy::Bytes piece : pieces)
            (put_off ? wire_.put_off : wire_.next()).append(piece);
    }
    bool congested() const override { return !wire_.queue.empty(); }
    std::size_t queued() override {
        wire_.send_put_off();
        return wire_.queue.size();
    }
    std::size_t in_kernel() override { return 0; }
    bool has_input() const override { return false; }
    void pause_reading() override { wire_.paused = true; }
    void resume_reading() override { wire_.paused = false; }
    void finish() override {
        wire_.send_put_off();
        wire_.ended = true;
    }
    void reset() override {
        wire_.send_put_off();
        wire_.reset = true;
    }

private:
    Stage &stage_;
    Wire &wire_;
};

config::Config Stage::config() {
    config::Config config;
    config.listeners.push_back({.name = "web"});
    config.access_log.emplace_back();
    config::Cluster cluster{.name = "app"};
    cluster.endpoints.push_back({.name = "one"});
    config.clusters.push_back(std::move(cluster));
    config.routes.push_back({.name = "all", .action = config::Forward{0}});
    return config;
}

Stage::Stage(config::Config config, bool turns)
    : runtime_{std::make_unique<proxy::Runtime>(std::move(config), 1, 1)},
      stats_{std::make_unique<stats::WorkerStats>(runtime_->dimensions())},
      proxy_{std::make_unique<proxy::Proxy>(*runtime_,
                                            proxy::Ports{.dialer = this,
                                                         .balancer = this,
                                                         .observer = this,
                                                         .stats = stats_.get(),
                                                         .ends_turns = turns},
                                            1, now_)} {}

Stage::~Stage() = default;

Wire &Stage::connect(std::string client_ip) {
    Wire &wire = *clients_.emplace_back(std::make_unique<Wire>());
    wire.events =
        &proxy_->accept(std::make_unique<End>(*this, wire), 0, std::move(client_ip), now_);
    settle();
    return wire;
}

std::unique_ptr<proxy::Transport> Stage::dial(proxy::EndpointId, proxy::TransportEvents &events) {
    Wire &wire = *dialled_.emplace_back(std::make_unique<Wire>());
    wire.events = &events;
    return std::make_unique<End>(*this, wire);
}

std::uint64_t Stage::in_flight(std::uint16_t cluster) const {
    std::uint64_t sum = 0;
    for (const auto &endpoint : runtime_->cluster(cluster).endpoints) sum += endpoint->in_flight;
    return sum;
}

std::optional<proxy::Balancer::Pick> Stage::pick(std::uint16_t, std::uint64_t,
                                                 std::span<const std::uint16_t> tried, TimePoint) {
    const auto &endpoints = runtime_->cluster(0).endpoints;
    const auto untried = std::ranges::find_if(endpoints, [&](const auto &endpoint) {
        return std::ranges::find(tried, endpoint->index) == tried.end();
    });
    cluster::Endpoint &endpoint = untried != endpoints.end() ? **untried : *endpoints.front();
    return Pick{.endpoint = &endpoint, .in_flight = endpoint.enter()};
}

void Stage::settle() {
    proxy_->settle(now_);
    while (answers_dials_ && dials_answered_ < dialled_.size()) {
        Wire &wire = *dialled_[dials_answered_++];
        if (wire.events != nullptr && refusals_ > 0) {
            --refusals_;
            wire.events->on_connect_failed(proxy::ConnectError::refused, now_);
        } else if (wire.events != nullptr) {
            wire.events->on_connected(now_);
        }
        proxy_->settle(now_);
    }
}

void Stage::send(Wire &wire, std::string_view bytes) {
    if (wire.events == nullptr) return;
    wire.events->on_bytes(bytes, now_);
    settle();
}

void Stage::end_turn() {
    proxy_->end_turn(now_);
    settle();
}

void Stage::send_put_off(Wire &wire) {
    wire.send_put_off();
    if (wire.queue.empty() || wire.events == nullptr) return;
    wire.events->on_congested(now_);
    settle();
}

void Stage::reset(Wire &wire) {
    if (wire.events == nullptr) return;
    wire.events->on_broken(now_);
    settle();
}

void Stage::take(Wire &wire, std::size_t bytes) {
    bytes = std::min(bytes, wire.queue.size());
    wire.received.append(wire.queue, 0, bytes);
    wire.queue.erase(0, bytes);
    if (bytes == 0 || !wire.queue.empty() || wire.events == nullptr) return;
    wire.events->on_drained(now_);
    settle();
}

void Stage::run_for(Duration time) {
    const TimePoint end = now_ + time;
    while (proxy_->deadline() <= end) {
        now_ = std::max(now_, proxy_->deadline());
        proxy_->on_deadline(now_);
        settle();
    }
    now_ = end;
}

void Stage::note(std::string &list, std::string_view what) const {
    if (!list.empty()) list += ", ";
    const std::chrono::duration<double> seconds = now_ - start_;
    list += fmt::format("{:.3f}{}{}", seconds.count(), what.empty() ? "" : " ", what);
}

void Stage::on_exchange(const proxy::ExchangeRecord &record) {
    const std::string_view reason = record.reason == Reason::none ? "ok" : name(record.reason);
    note(outcomes_, fmt::format("{} {}", record.status, reason));
}

}  // namespace uvoy::sim
