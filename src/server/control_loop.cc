#include "server/control_loop.h"

#include "base/log.h"
#include "base/random.h"
#include "config/shown.h"
#include "server/cpu_count.h"
#include "server/descriptor_limit.h"
#include "server/inherited_sockets.h"
#include "server/listening_sockets.h"
#include "server/moved_keys.h"
#include "server/seeds.h"
#include "server/startup_log.h"
#include "server/version.h"
#include "server/wall_time.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

namespace uvoy::server {

namespace {

std::string joined(const std::vector<ConfigChange> &changes) {
    std::string text;
    for (const ConfigChange &change : changes) {
        if (!text.empty()) text += ", ";
        text += change.text();
    }
    return text;
}

std::size_t connections_for(const config::Config &config, std::size_t workers) {
    DescriptorUse use{.workers = workers, .listening = 0, .endpoints = 0};
    for (const config::Listener &listener : config.listeners)
        for (const config::Address &address : listener.addresses)
            use.listening +=
                workers *
                (address.is_inherited() ? inherited_with_name(address.descriptor).size() : 1);
    for (const config::Cluster &cluster : config.clusters)
        use.endpoints +=
            cluster.discovery ? cluster.discovery->max_endpoints : cluster.endpoints.size();
    return plan_connections(raise_descriptor_limit(), config.limits.connections, use);
}

bool at_one_address(const std::optional<config::Admin> &one,
                    const std::optional<config::Admin> &other) {
    return one && other ? one->address == other->address : one.has_value() == other.has_value();
}

std::shared_ptr<LogWriter> open_log(const std::vector<config::AccessLog> &logs, std::size_t workers,
                                    LostLines &lost) {
    return logs.empty() ? nullptr : std::make_shared<LogWriter>(logs, workers, lost);
}

}  // namespace

/// What has to be known before the members can be made.
struct ControlLoop::Plan {
    unsigned workers = 1;
    std::size_t connections = 0;
    std::vector<std::vector<BoundSocket>> sockets;

    static Plan make(const config::Config &config) {
        Plan plan;
        plan.workers = config.workers != 0 ? config.workers : usable_cpus();
        plan.connections = connections_for(config, plan.workers);
        plan.sockets = listen_for_workers(config.listeners, plan.workers);
        return plan;
    }
};

ControlLoop::ControlLoop(Settings settings) : ControlLoop{settings, Plan::make(settings.config)} {}

ControlLoop::ControlLoop(Settings &settings, Plan plan)
    : state_{.version = std::string{version},
             .config_path = std::move(settings.config_path),
             .config_hash = std::move(settings.config_hash),
             .config_shown = std::move(settings.config_shown),
             .started = uv::Loop::now(),
             .config_loaded = unix_milliseconds()},
      ends_on_hangup_{settings.ends_on_hangup},
      generations_{loop_, first_generation(settings.config, plan.workers)},
      supervision_{std::make_unique<Supervision>(loop_, generations_.present())},
      budget_{plan.connections},
      failures_{loop_, plan.workers,
                FailureChannel::OnReport::bind<&ControlLoop::on_failure>(*this),
                Delegate<void()>::bind<&ControlLoop::on_lost_reports>(*this)},
      balance_{plan.workers, random_seed()},
      admin_end_{loop_, Delegate<void()>::bind<&ControlLoop::end_former_admins>(*this)},
      drain_{loop_,
             {.timeout = config().shutdown.drain_timeout,
              .load = Delegate<Drain::Load()>::bind<&ControlLoop::load>(*this),
              .on_end = Delegate<void(Drain::End)>::bind<&ControlLoop::on_drained>(*this)}},
      program_{std::move(settings.program)},
      predecessor_{std::move(settings.predecessor)},
      service_{loop_, Delegate<bool()>::bind<&ControlLoop::workers_live>(*this)} {
    generations_.set_on_end(
        Delegate<void(const Generation &)>::bind<&ControlLoop::on_generation_end>(*this));
    guard_memory();
    generations_.present().set_log(open_log(config().access_log, plan.workers, lost_lines_));
    make_workers(plan.workers, std::move(plan.sockets));
    if (config().admin) admin_ = std::make_unique<Admin>(loop_, *config().admin, view(), this);
    loop_.set_after_event(Delegate<void(TimePoint)>::bind<&ControlLoop::after_event>(*this));
}

ControlLoop::~ControlLoop() {
    for (const auto &worker : workers_) worker->stop();
    loop_.set_after_event({});
}

std::unique_ptr<Generation> ControlLoop::first_generation(config::Config &config,
                                                          unsigned workers) {
    const std::uint64_t hash_seed = hash_seed_of(config.hash_seed);
    return std::make_unique<Generation>(std::move(config), hash_seed, workers, random_seed());
}

void ControlLoop::guard_memory() {
    std::atomic<bool> &overloaded = generations_.present().runtime().overloaded();
    memory_guard_.reset();
    overloaded = false;
    if (const auto limit = config().limits.memory) memory_guard_.emplace(loop_, *limit, overloaded);
}

void ControlLoop::make_workers(std::size_t count, std::vector<std::vector<BoundSocket>> sockets) {
    const Shared shared{.failures = failures_,
                        .budget = budget_,
                        .balance = balance_,
                        .progress = &generations_.progress()};
    Random seeds{random_seed()};
    for (std::size_t number = 0; number < count; ++number) {
        recorders_.push_back(std::make_unique<FlightRecorder>());
        workers_.push_back(std::make_unique<Worker>(
            shared, Worker::Settings{
                        .number = number, .seed = seeds.next(), .recorder = *recorders_.back()}));
    }
    for (const auto &worker : workers_) catch_up_.add(worker->loop());
    generations_.begin(workers_, std::move(sockets));
}

/// Health and discovery are those of the present one.
ServerView ControlLoop::view_of(const Generation &generation) const {
    return {.state = state_,
            .runtime = generation.runtime(),
            .workers = generation.worker_stats(),
            .totals = generation.totals(),
            .clusters = generation.clusters(),
            .health = supervision_->health(),
            .ledgers = generation.ledgers(),
            .lost_lines = generation.log() ? &lost_lines_ : nullptr,
            .discovery = supervision_->discovery(),
            .generations = &generations_,
            .farewell = &farewell_,
            .recorders = recorders_,
            .catch_up = Delegate<void()>::bind<&CatchUp::wait>(catch_up_)};
}

void ControlLoop::on_generation_end(const Generation &generation) {
    farewell_.remember(view_of(generation), view());
    std::erase_if(ending_logs_, [](const auto &log) { return log->has_stopped(); });
    // Nobody else has it: the generations that went on with it are over as well.
    if (generation.log() && generation.log().use_count() == 1) {
        generation.log()->begin_stop();
        ending_logs_.push_back(generation.log());
    }
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
        loop_, SIGUSR2, Delegate<void()>::bind<&ControlLoop::on_upgrade_signal>(*this)));
    discover();
    if (state_.draining) return 0;  // nobody was served yet
    if (predecessor_) supervision_->recall(predecessor_->endpoints());
    for (const auto &worker : workers_) worker->start();
    state_.serving = true;
    log_start_up({.runtime = generations_.present().runtime(),
                  .workers = workers_.size(),
                  .connections = budget_.limit(),
                  .admin = admin_ != nullptr});
    if (predecessor_ && predecessor_->resting()) set_draining(true);
    if (predecessor_ && !predecessor_->tell_ready()) {
        log::error("the process whose place this one should take has given up: ending");
        begin_end();
    }
    predecessor_.reset();
    service_.ready();
    loop_.run();
    return exit_code_;
}

/// Clients find the endpoints that DNS tells at once, and wait no longer than one question takes.
void ControlLoop::discover() {
    if (supervision_->settled()) return;
    while (!supervision_->settled() && !state_.draining) loop_.run_once();
    supervision_->publish_now();
}

void ControlLoop::after_event(TimePoint now) {
    supervision_->settle(now);
    if (admin_) admin_->settle(now);
    // What is asked there may be another reload.
    for (std::size_t i = 0; i < former_admins_.size(); ++i) former_admins_[i]->settle(now);
}

void ControlLoop::on_failure(const FailureChannel::Report &report) {
    // What began under a former configuration is in the words of the endpoint.
    if (report.generation == generations_.present().number())
        supervision_->on_failure(report.failure);
}

void ControlLoop::on_end_signal() {
    // Once to a process that drains for its successor: whoever stops a service means all of it.
    const bool told = std::exchange(told_to_end_, true);
    if (drain_.begun() && told) drain_.interrupt();
    if (drain_.begun()) return;
    service_.stopping();
    begin_end();
}

void ControlLoop::begin_end() {
    successor_.reset();
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
    if (ends_on_hangup_) on_end_signal();
    else reload();
}

ReloadResult ControlLoop::reload() {
    service_.reloading();
    ReloadResult result = try_reload();
    state_.last_reload_failed = !result.problems.empty();
    if (result.problems.empty()) {
        service_.ready();
        ++state_.reloads_done;
        log::info("configuration {} loaded: {}", state_.config_path,
                  result.changes.empty() ? "nothing has changed" : joined(result.changes));
        return result;
    }
    service_.ready("serving; the last reload failed: " + result.problems.front());
    ++state_.reloads_failed;
    for (const std::string &problem : result.problems) log::error("{}", problem);
    log::error("configuration {} not loaded: the one in use stays", state_.config_path);
    return result;
}

ReloadResult ControlLoop::judge(const config::Loaded &loaded) const {
    ReloadResult result;
    for (const config::Problem &problem : loaded.problems)
        result.problems.push_back(config::format(state_.config_path, problem));
    if (!loaded.config) return result;
    result.problems = needs_restart(config(), *loaded.config);
    if (result.problems.empty()) result.changes = changes(config(), *loaded.config);
    return result;
}

ReloadResult ControlLoop::preview(std::string_view text) const {
    config::Loaded loaded = config::parse(text);
    ReloadResult result = judge(loaded);
    if (!result.problems.empty()) return result;
    const std::uint64_t hash_seed = hash_seed_for(*loaded.config);
    const Generation &present = generations_.present();
    result.moved = moved_keys(present, {std::move(*loaded.config), hash_seed,
                                        static_cast<unsigned>(workers_.size()), present.runtime()});
    return result;
}

ReloadResult ControlLoop::try_reload() {
    if (!state_.serving) return {.problems = {"uvoy does not serve now: nothing to reload"}};
    if (successor_) return {.problems = {"an upgrade is under way"}};
    if (state_.config_path.empty()) return {.problems = {"there is no configuration file"}};
    if (generations_.size() >= Generations::most)
        return {.problems = {fmt::format("requests still run by {} former configurations",
                                         generations_.size() - 1)}};
    auto [loaded, shown] = config::load_shown(state_.config_path);
    ReloadResult result = judge(loaded);
    if (!result.problems.empty()) return result;
    try {
        replace(std::move(*loaded.config));
    } catch (const std::exception &error) {
        return {.problems = {error.what()}};
    }
    state_.config_hash = std::move(loaded.hash);
    state_.config_shown = std::move(shown);
    state_.config_loaded = unix_milliseconds();
    return result;
}

/// A random one stays as it is.
std::uint64_t ControlLoop::hash_seed_for(const config::Config &next) const {
    return next.hash_seed == config().hash_seed ? generations_.present().runtime().hash_seed()
                                                : hash_seed_of(next.hash_seed);
}

/// What did not change goes on.
std::shared_ptr<LogWriter> ControlLoop::log_for(const config::Config &next) {
    if (next.access_log == config().access_log) return generations_.present().log();
    return open_log(next.access_log, workers_.size(), lost_lines_);
}

/// Throws, and then nothing has changed.
void ControlLoop::replace(config::Config next) {
    const std::uint64_t hash_seed = hash_seed_for(next);
    auto sockets = generations_.sockets_for(next);
    auto generation =
        std::make_unique<Generation>(std::move(next), hash_seed, generations_.present());
    generation->set_log(log_for(generation->runtime().config()));
    const FirstAnswers answers = ask_first(generations_.present().runtime(), generation->runtime());
    const std::optional<config::Admin> admin_before = config().admin;
    std::unique_ptr<Admin> admin = admin_for(generation->runtime().config());
    supervision_ =
        std::make_unique<Supervision>(loop_, *generation, std::move(supervision_), answers);
    const Generation &former = generations_.present();
    generations_.add(std::move(generation), std::move(sockets));
    farewell_.remember(view_of(former), view());
    budget_.set_limit(connections_for(config(), workers_.size()));
    drain_.set_timeout(config().shutdown.drain_timeout);
    guard_memory();
    if (!at_one_address(config().admin, admin_before)) {
        if (admin_) former_admins_.push_back(std::move(admin_));
        admin_ = std::move(admin);
        // It may be the one that calls.
        admin_end_.arm(Duration::zero());
    } else if (config().admin) {
        set_mode(config().admin->address, config().admin->mode);
    }
    if (admin_) admin_->show(view());
    for (const auto &each : former_admins_) each->show(view());
}

/// At another address than now.  Null: it stays where it is, or there shall be none.
std::unique_ptr<Admin> ControlLoop::admin_for(const config::Config &next) {
    if (!next.admin || at_one_address(config().admin, next.admin)) return nullptr;
    return std::make_unique<Admin>(loop_, *next.admin, view(), this);
}

void ControlLoop::end_former_admins() {
    constexpr Duration pause = std::chrono::milliseconds{100};
    for (std::size_t i = 0; i < former_admins_.size(); ++i)
        if (!former_admins_[i]->retired()) former_admins_[i]->retire(uv::Loop::now());
    std::erase_if(former_admins_, [](const auto &former) { return former->over(); });
    if (!former_admins_.empty()) admin_end_.arm(pause);
}

void ControlLoop::on_reopen_signal() { generations_.reopen_logs(); }

std::optional<Refusal> ControlLoop::change_endpoint(const EndpointChange &change) {
    const proxy::Runtime &runtime = generations_.present().runtime();
    const proxy::ClusterRuntime *const cluster = runtime.find_cluster(change.cluster);
    if (cluster == nullptr)
        return Refusal{404, fmt::format("there is no cluster {}", change.cluster)};
    const auto found = std::ranges::find_if(cluster->endpoints, [&](const auto &endpoint) {
        return endpoint && endpoint->name == change.endpoint;
    });
    if (found == cluster->endpoints.end())
        return Refusal{
            404, fmt::format("cluster {} has no endpoint {}", change.cluster, change.endpoint)};
    cluster::Endpoint &endpoint = **found;
    if (change.duty) endpoint.duty = *change.duty;
    if (change.weight) endpoint.set_weight(*change.weight);
    log::info("cluster {}: endpoint {} is told: {}, weight {}", change.cluster, change.endpoint,
              name(endpoint.duty), endpoint.weight_now());
    supervision_->on_duty_change(
        static_cast<std::size_t>(cluster->config - runtime.config().clusters.data()));
    return std::nullopt;
}

void ControlLoop::on_upgrade_signal() {
    if (const auto refusal = upgrade()) log::error("no upgrade: {}", refusal->why);
}

std::optional<Refusal> ControlLoop::upgrade() {
    if (program_.empty()) return Refusal{409, "this is no service, but a demo"};
    if (!state_.serving) return Refusal{409, "it is not serving"};
    if (successor_) return Refusal{409, "an upgrade is under way"};
    try {
        successor_.emplace(
            loop_,
            Successor::Settings{
                .program = program_,
                .config_path = state_.config_path,
                .hash_seed = generations_.present().runtime().hash_seed(),
                .endpoints = remember(generations_.present().runtime(), supervision_->health()),
                .resting = state_.draining,
                .on_ready = Delegate<void(int)>::bind<&ControlLoop::on_successor_ready>(*this),
                .on_failure =
                    Delegate<void(const char *)>::bind<&ControlLoop::on_successor_failed>(*this)});
    } catch (const std::system_error &error) {
        return Refusal{503, error.what()};
    }
    log::info("upgrade: {} is started and shall take over", program_);
    state_.upgrade = {.phase = Upgrade::Phase::running, .why = {}};
    return std::nullopt;
}

void ControlLoop::on_successor_ready(int pid) {
    log::info("upgrade: process {} serves, this one ends", pid);
    state_.upgrade.phase = Upgrade::Phase::done;
    service_.hand_over(pid);
    if (admin_) admin_->retire(uv::Loop::now());
    begin_end();
}

void ControlLoop::on_successor_failed(const char *why) {
    log::error("upgrade: failed, this process goes on: {}", why);
    state_.upgrade = {.phase = Upgrade::Phase::failed, .why = why};
    successor_.reset();
}

bool ControlLoop::workers_live() {
    turns_.resize(workers_.size());
    bool all = true;
    for (std::size_t i = 0; i < workers_.size(); ++i)
        all = all && workers_[i]->turns() != turns_[i];
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (all) turns_[i] = workers_[i]->turns();
        workers_[i]->wake();
    }
    return all;
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
