#include "server/health_checker.h"

#include "base/log.h"
#include "server/endpoint_addresses.h"

#include <optional>
#include <utility>

namespace uvoy::server {

/// The checks of one endpoint.  Its alarm rings when the next one is due or when the one under way
/// has taken too long.
struct HealthChecker::Check : Alarm {
    Check(HealthChecker &owner_, proxy::EndpointId id_, const config::HealthCheck &config_,
          std::string host_)
        : owner{owner_}, id{id_}, config{config_}, host{std::move(host_)} {}

    void on_concluded() { owner.concluded_.push_back(this); }

    HealthChecker &owner;
    const proxy::EndpointId id;
    const config::HealthCheck &config;
    const std::string host;
    std::optional<HealthProbe> probe;
};

namespace {

std::string host_of(const config::Cluster &cluster, std::size_t index) {
    if (!cluster.health_check.host.empty()) return cluster.health_check.host;
    const config::Address &address =
        cluster.discovery ? cluster.discovery->dns : cluster.endpoints[index].address;
    if (address.is_unix()) return "localhost";
    return address.port != 0 ? address.text() : address.host;
}

}  // namespace

HealthChecker::HealthChecker(uv::Loop &loop, const proxy::Runtime &runtime,
                             EndpointAddresses &addresses, std::uint64_t seed, OnChange on_change)
    : loop_{loop},
      runtime_{runtime},
      addresses_{addresses},
      random_{seed},
      on_change_{on_change},
      table_{runtime, uv::Loop::now()},
      wheel_{uv::Loop::now()},
      timer_{loop, Delegate<void()>::bind<&HealthChecker::on_timer>(*this)} {
    checks_.resize(runtime.dimensions().endpoints);
    for (std::size_t cluster = 0; cluster < runtime.clusters().size(); ++cluster) {
        for (std::size_t index = 0; index < runtime.cluster(cluster).endpoints.size(); ++index) {
            const proxy::EndpointId id{static_cast<std::uint16_t>(cluster),
                                       static_cast<std::uint16_t>(index)};
            if (runtime.has_endpoint(id)) start_checks(id);
        }
    }
    arm();
}

HealthChecker::~HealthChecker() = default;

void HealthChecker::start_checks(proxy::EndpointId id) {
    const config::Cluster &config = *runtime_.cluster(id.cluster).config;
    if (config.health_check.type == config::HealthCheck::Type::none) return;
    auto &check = checks_[runtime_.endpoint_number(id)];
    check = std::make_unique<Check>(*this, id, config.health_check, host_of(config, id.index));
    wheel_.set(*check, table_.at(id).health.next_check());
}

void HealthChecker::add(proxy::EndpointId id, Presence presence, TimePoint now) {
    table_.reset(id, presence, now);
    start_checks(id);
    arm();
}

void HealthChecker::add_like(proxy::EndpointId id, proxy::EndpointId former) {
    table_.at(id) = table_.at(former);
    start_checks(id);
    arm();
}

void HealthChecker::remove(proxy::EndpointId id) {
    auto &check = checks_[runtime_.endpoint_number(id)];
    std::erase(concluded_, check.get());
    check.reset();
    table_.at(id).presence = Presence::absent;
}

void HealthChecker::on_passive_failure(proxy::EndpointId endpoint, Reason reason, TimePoint now) {
    const auto &check = checks_[runtime_.endpoint_number(endpoint)];
    if (!check) return;
    cluster::Health &health = table_.at(endpoint).health;
    const bool fast_before = health.fast();
    health.on_passive_failure(now);
    if (health.fast() && !fast_before)
        log::debug("cluster {}: endpoint {} failed a request ({}), checking it",
                   runtime_.cluster(endpoint.cluster).config->name,
                   runtime_.endpoint(endpoint).name, name(reason));
    if (check->probe) return;  // its end looks at next_check()
    wheel_.set(*check, health.next_check());
    arm();
}

void HealthChecker::settle(TimePoint now) {
    if (concluded_.empty()) return;
    for (Check *check : std::exchange(concluded_, {}))
        if (check->probe && check->probe->result()) conclude(*check, now);
    arm();
}

void HealthChecker::start(Check &check, TimePoint now) {
    check.probe.emplace(loop_, addresses_.current(runtime_.endpoint_number(check.id)), check.config,
                        check.host, Delegate<void()>::bind<&Check::on_concluded>(check));
    wheel_.set(check, now + check.config.timeout);
}

void HealthChecker::conclude(Check &check, TimePoint now) {
    const HealthProbe::Result result = *check.probe->result();
    check.probe.reset();
    if (!result.conclusive) {  // an endpoint is not to blame for what this process lacks
        wheel_.set(check, now + check.config.interval);
        return;
    }
    if (result.connect_failed) addresses_.try_next(runtime_.endpoint_number(check.id));

    EndpointHealth &endpoint = table_.at(check.id);
    ++(result.passed() ? endpoint.checks_passed : endpoint.checks_failed);
    const bool changed = endpoint.health.on_check_result(
        {.ok = result.passed(), .detail = result.failure}, now, random_);
    wheel_.set(check, endpoint.health.next_check());
    if (endpoint.presence == Presence::trial && endpoint.checks_passed == 1 && result.passed()) {
        log::info("cluster {}: new endpoint {} has passed a check",
                  runtime_.cluster(check.id.cluster).config->name,
                  runtime_.endpoint(check.id).name);
        on_change_(check.id.cluster);
    }
    if (!changed) return;
    if (!endpoint.health.healthy()) ++endpoint.ejections;
    report(check.id);
    on_change_(check.id.cluster);
}

void HealthChecker::report(proxy::EndpointId id) const {
    const cluster::Health &health = table_.at(id).health;
    log::write(health.healthy() ? log::Level::info : log::Level::warning,
               fmt::format("cluster {}: endpoint {} is {} ({}), {} of {} healthy",
                           runtime_.cluster(id.cluster).config->name, runtime_.endpoint(id).name,
                           health.healthy() ? "healthy" : "unhealthy", health.explanation(),
                           table_.healthy_count(id.cluster), table_.size(id.cluster)));
}

void HealthChecker::on_timer() {
    const TimePoint now = uv::Loop::now();
    armed_ = TimePoint::max();
    while (Alarm *alarm = wheel_.expire(now)) {
        auto &check = static_cast<Check &>(*alarm);
        if (!check.probe) {
            start(check, now);
            continue;
        }
        // An answer that came in this very event counts.
        if (!check.probe->result()) check.probe->expire();
        conclude(check, now);
    }
    arm();
}

void HealthChecker::arm() {
    const TimePoint due = wheel_.next();
    // A timer that comes early finds nothing to do and is armed anew.
    if (due >= armed_) return;
    armed_ = due;
    timer_.arm_at(due);
}

}  // namespace uvoy::server
