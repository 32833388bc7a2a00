#include "server/control_loop.h"

#include "base/log.h"
#include "base/random.h"
#include "server/cpu_count.h"
#include "server/descriptor_limit.h"
#include "server/listening_sockets.h"
#include "server/seeds.h"
#include "server/startup_log.h"
#include "server/version.h"
#include "server/wall_time.h"

#include <signal.h>

#include <algorithm>
#include <utility>

namespace uvoy::server {

/// What has to be known before the members can be made.
struct ControlLoop::Plan {
    unsigned workers = 1;
    std::uint64_t hash_seed = 0;
    std::size_t connections = 0;
    std::vector<std::vector<BoundSocket>> sockets;

    static Plan make(const config::Config &config) {
        Plan plan;
        plan.workers = config.workers != 0 ? config.workers : usable_cpus();
        plan.hash_seed = hash_seed_of(config.hash_seed);
        DescriptorUse use{.workers = plan.workers, .listening = 0, .endpoints = 0};
        for (const config::Listener &listener : config.listeners)
            use.listening += listener.addresses.size() * plan.workers;
        for (const config::Cluster &cluster : config.clusters)
            use.endpoints +=
                cluster.discovery ? cluster.discovery->max_endpoints : cluster.endpoints.size();
        plan.connections =
            plan_connections(raise_descriptor_limit(), config.limits.connections, use);
        plan.sockets = listen_for_workers(config.listeners, plan.workers);
        return plan;
    }
};

namespace {

bool has_discovery(const config::Cluster &cluster) { return cluster.discovery.has_value(); }

}  // namespace

ControlLoop::ControlLoop(Settings settings) : ControlLoop{settings, Plan::make(settings.config)} {}

ControlLoop::ControlLoop(Settings &settings, Plan plan)
    : state_{.version = std::string{version},
             .config_path = std::move(settings.config_path),
             .config_hash = std::move(settings.config_hash),
             .started = uv::Loop::now(),
             .config_loaded = unix_milliseconds()},
      ends_on_hangup_{settings.ends_on_hangup},
      runtime_{std::move(settings.config), plan.hash_seed, plan.workers, random_seed()},
      addresses_{runtime_},
      names_{loop_, runtime_, addresses_, {.seed = random_seed(), .server = {}}},
      clusters_{runtime_},
      budget_{plan.connections},
      publisher_{loop_, clusters_},
      health_{loop_, runtime_, random_seed(),
              HealthKeeper::OnChange::bind<&ControlLoop::on_health_change>(*this)},
      checker_{loop_, runtime_, addresses_, health_},
      outliers_{loop_, runtime_, health_},
      failures_{loop_, plan.workers,
                FailureChannel::OnReport::bind<&ControlLoop::on_failure>(*this),
                Delegate<void()>::bind<&ControlLoop::on_lost_reports>(*this)},
      balance_{plan.workers, random_seed()},
      drain_{loop_,
             {.timeout = runtime_.config().shutdown.drain_timeout,
              .load = Delegate<Drain::Load()>::bind<&ControlLoop::load>(*this),
              .on_end = Delegate<void(Drain::End)>::bind<&ControlLoop::on_drained>(*this)}} {
    publisher_.set_health(health_.table());
    if (const auto limit = runtime_.config().limits.memory)
        memory_guard_.emplace(loop_, *limit, runtime_.overloaded());
    make_ledgers();
    if (!runtime_.config().access_log.empty())
        log_writer_.emplace(runtime_.config().access_log, plan.workers);
    make_workers(std::move(plan.sockets));
    if (std::ranges::any_of(runtime_.config().clusters, &has_discovery))
        discovery_.emplace(loop_,
                           EndpointParts{.runtime = runtime_,
                                         .addresses = addresses_,
                                         .clusters = clusters_,
                                         .health = checker_,
                                         .publisher = publisher_,
                                         .totals = totals_,
                                         .workers = worker_stats_},
                           random_seed());
    make_admin();
    loop_.set_after_event(Delegate<void(TimePoint)>::bind<&ControlLoop::after_event>(*this));
}

ControlLoop::~ControlLoop() {
    for (const auto &worker : workers_) worker->stop();
    loop_.set_after_event({});
}

void ControlLoop::make_ledgers() {
    for (const config::RateLimit &limit : runtime_.config().rate_limits) {
        ledgers_.push_back(std::make_unique<limit::Ledger>(
            limit::Policy{
                .tokens = limit.rate.requests, .period = limit.rate.per, .burst = limit.burst},
            limit.table));
        ledger_list_.push_back(ledgers_.back().get());
    }
}

void ControlLoop::make_workers(std::vector<std::vector<BoundSocket>> sockets) {
    const Shared shared{.runtime = runtime_,
                        .clusters = clusters_,
                        .addresses = addresses_,
                        .ledgers = ledger_list_,
                        .failures = failures_,
                        .budget = budget_,
                        .balance = balance_};
    Random seeds{random_seed()};
    for (std::size_t number = 0; number < sockets.size(); ++number) {
        workers_.push_back(std::make_unique<Worker>(
            shared, Worker::Settings{.number = number,
                                     .seed = seeds.next(),
                                     .sockets = std::move(sockets[number]),
                                     .log = log_writer_ ? &log_writer_->ring(number) : nullptr}));
        worker_stats_.push_back(&workers_.back()->stats());
    }
    checker_.start(worker_stats_);
    outliers_.start(worker_stats_);
}

void ControlLoop::make_admin() {
    if (!runtime_.config().admin) return;
    admin_.emplace(loop_, *runtime_.config().admin,
                   ServerView{.state = state_,
                              .runtime = runtime_,
                              .workers = worker_stats_,
                              .clusters = clusters_,
                              .health = health_.table(),
                              .ledgers = ledger_list_,
                              .log_writer = log_writer_ ? &*log_writer_ : nullptr,
                              .totals = &totals_,
                              .discovery = discovery_ ? &*discovery_ : nullptr},
                   this);
}

int ControlLoop::run() {
    for (const int number : {SIGTERM, SIGINT}) {
        signals_.push_back(std::make_unique<uv::Signal>(
            loop_, number, Delegate<void()>::bind<&ControlLoop::on_end_signal>(*this)));
    }
    signals_.push_back(std::make_unique<uv::Signal>(
        loop_, SIGHUP, Delegate<void()>::bind<&ControlLoop::on_hangup>(*this)));
    signals_.push_back(std::make_unique<uv::Signal>(
        loop_, SIGUSR1, Delegate<void()>::bind<&ControlLoop::on_reopen_signal>(*this)));
    signals_.push_back(std::make_unique<uv::Signal>(
        loop_, SIGUSR2, Delegate<void()>::bind<&ControlLoop::on_other_signal>(*this)));
    discover();
    if (state_.draining) return 0;  // nobody was served yet
    for (const auto &worker : workers_) worker->start();
    state_.serving = true;
    log_start_up({.runtime = runtime_,
                  .workers = workers_.size(),
                  .connections = budget_.limit(),
                  .admin = admin_.has_value()});
    loop_.run();
    return exit_code_;
}

/// Clients find the endpoints that DNS tells at once, and wait no longer than one question takes.
void ControlLoop::discover() {
    if (!discovery_) return;
    while (!discovery_->settled() && !state_.draining) loop_.run_once();
    publisher_.publish_now();
}

void ControlLoop::on_health_change(std::size_t cluster) {
    if (discovery_) discovery_->on_health_change(cluster);
    publisher_.on_change(cluster);
}

void ControlLoop::after_event(TimePoint now) {
    checker_.settle(now);
    if (admin_) admin_->settle(now);
}

void ControlLoop::on_failure(const proxy::EndpointFailure &failure) {
    if (!runtime_.has_endpoint(failure.endpoint)) return;  // it is gone
    checker_.on_passive_failure(failure.endpoint, failure.reason, failure.at);
    outliers_.on_failure(failure);
}

void ControlLoop::on_end_signal() {
    if (drain_.begun()) {
        drain_.interrupt();
        return;
    }
    const bool served = std::exchange(state_.serving, false);
    state_.draining = true;
    if (!served) return;
    drain_.begin();
    for (const auto &worker : workers_) worker->drain();
}

std::optional<Refusal> ControlLoop::set_draining(bool draining) {
    if (!state_.serving) return Refusal{409, "it is not serving"};
    if (std::exchange(state_.draining, draining) == draining) return std::nullopt;
    if (draining) log::info("out of the rotation: every answer closes its connection");
    else log::info("back in the rotation");
    for (const auto &worker : workers_) worker->set_resting(draining);
    return std::nullopt;
}

void ControlLoop::on_hangup() {
    if (ends_on_hangup_) {
        on_end_signal();
    } else {
        log::info("SIGHUP has no meaning in this version: ignored");
    }
}

void ControlLoop::on_reopen_signal() {
    if (log_writer_) log_writer_->reopen();
}

void ControlLoop::on_other_signal() {
    log::info("SIGUSR2 has no meaning in this version: ignored");
}

Drain::Load ControlLoop::load() {
    Drain::Load load{.exchanges = 0, .drained = true};
    for (const auto &worker : workers_) {
        load.exchanges += worker->exchanges();
        load.drained = load.drained && worker->drained();
    }
    return load;
}

void ControlLoop::on_drained(Drain::End how) {
    exit_code_ = how == Drain::End::complete ? 0 : 1;
    loop_.stop();
}

}  // namespace uvoy::server
