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

/// A timer that comes that much too late says that the loop was not turning.
constexpr Duration patience = std::chrono::milliseconds{50};

std::string host_of(const proxy::ClusterRuntime &cluster, std::size_t index) {
    const config::Cluster &config = *cluster.config;
    if (!config.health_check.host.empty()) return config.health_check.host;
    const config::Address &address =
        config.discovery ? config.discovery->dns : cluster.configured[index]->address;
    if (address.is_unix()) return "localhost";
    return address.port != 0 ? address.text() : address.host;
}

}  // namespace

HealthChecker::HealthChecker(uv::Loop &loop, const proxy::Runtime &runtime,
                             EndpointAddresses &addresses, HealthKeeper &keeper)
    : loop_{loop},
      runtime_{runtime},
      addresses_{addresses},
      keeper_{keeper},
      proof_{runtime},
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
    check = std::make_unique<Check>(*this, id, config.health_check,
                                    host_of(runtime_.cluster(id.cluster), id.index));
    wheel_.set(*check, table().at(id).health.next_check());
}

void HealthChecker::add(proxy::EndpointId id, Presence presence, TimePoint now) {
    keeper_.add(id, presence, now);
    start_checks(id);
    arm();
}

void HealthChecker::add_like(proxy::EndpointId id, proxy::EndpointId former) {
    keeper_.add_like(id, former);
    start_checks(id);
    arm();
}

void HealthChecker::remove(proxy::EndpointId id) {
    auto &check = checks_[runtime_.endpoint_number(id)];
    std::erase(concluded_, check.get());
    check.reset();
    keeper_.remove(id);
}

void HealthChecker::on_passive_failure(proxy::EndpointId endpoint, Reason reason, TimePoint now) {
    const auto &check = checks_[runtime_.endpoint_number(endpoint)];
    if (!check) return;
    const cluster::Health &health = keeper_.table().at(endpoint).health;
    const bool fast_before = health.fast();
    keeper_.on_passive_failure(endpoint, now);
    if (health.fast() && !fast_before)
        log::debug("cluster {}: endpoint {} failed a request ({}), checking it",
                   runtime_.cluster(endpoint.cluster).config->name,
                   runtime_.endpoint(endpoint).name, name(reason));
    if (check->probe) return;  // its end looks at next_check()
    wheel_.set(*check, health.next_check());
    arm();
}

void HealthChecker::on_change(std::size_t cluster) {
    const proxy::ClusterRuntime &changed = runtime_.cluster(cluster);
    for (std::size_t i = 0; i < changed.endpoints.size(); ++i) {
        const auto &check = checks_[changed.first_endpoint + i];
        if (check && !check->probe) wheel_.set(*check, table().at(check->id).health.next_check());
    }
    arm();
}

void HealthChecker::settle(TimePoint now) {
    if (concluded_.empty()) return;
    for (Check *check : std::exchange(concluded_, {}))
        if (check->probe && check->probe->result()) conclude(*check, now);
    arm();
}

bool HealthChecker::needs(const Check &check) {
    if (runtime_.endpoint(check.id).duty == cluster::Duty::maintenance) return false;
    // By HTTP an endpoint may also ask to be taken out while it serves well.
    if (check.config.type != config::HealthCheck::Type::tcp) return true;
    const bool proven = proof_.take(check.id);
    const EndpointHealth &endpoint = table().at(check.id);
    return !proven || !endpoint.takes_requests() || endpoint.health.fast();
}

/// Who takes connections and leaves requests without an answer must not return for the former.
HealthProbe::Ping HealthChecker::ping(const Check &check) const {
    return HealthProbe::Ping{table().at(check.id).health.ejected_by_traffic()};
}

void HealthChecker::start(Check &check, TimePoint now) {
    if (!needs(check)) {
        keeper_.on_check_skipped(check.id, now);
        wheel_.set(check, keeper_.table().at(check.id).health.next_check());
        return;
    }
    check.probe.emplace(loop_, addresses_.current(runtime_.endpoint_number(check.id)), check.config,
                        check.host, ping(check),
                        Delegate<void()>::bind<&Check::on_concluded>(check));
    wheel_.set(check, now + check.config.timeout);
}

void HealthChecker::conclude(Check &check, TimePoint now) {
    const HealthProbe::Result result = *check.probe->result();
    const bool asked = check.probe->asks();
    check.probe.reset();
    if (result.passed() && !asked && ping(check) == HealthProbe::Ping::yes) {
        wheel_.set(check, now);  // it went out meanwhile
        return;
    }
    if (!result.conclusive) {  // an endpoint is not to blame for what this process lacks
        wheel_.set(check, now + check.config.interval);
        return;
    }
    if (result.connect_failed) addresses_.try_next(runtime_.endpoint_number(check.id));

    if (result.silence) keeper_.on_silent_check(check.id, result.failure, now);
    else keeper_.on_check_result(check.id, {.ok = result.passed(), .detail = result.failure}, now);
    wheel_.set(check, keeper_.table().at(check.id).health.next_check());
}

void HealthChecker::on_timer() {
    const TimePoint now = uv::Loop::now();
    // This process was held up: answers may lie there unread, and are to be read first.
    const bool held_up = now - std::exchange(armed_, TimePoint::max()) > patience;
    while (Alarm *alarm = wheel_.expire(now)) {
        auto &check = static_cast<Check &>(*alarm);
        if (!check.probe) {
            start(check, now);
            continue;
        }
        if (held_up && !check.probe->result()) {
            wheel_.set(check, now + patience);
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
