#include "server/endpoint_names.h"

#include "base/log.h"
#include "server/dns_lookup.h"
#include "server/refresh_pause.h"
#include "uv/timer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace uvoy::server {

namespace {

/// The names that never mean another host (RFC 6761 section 6.3) are not asked for.
bool is_name(const config::Address &address) {
    return !address.is_unix() && !config::is_ip_literal(address.host) &&
           address.host != "localhost" && !address.host.ends_with(".localhost");
}

bool contains(const std::vector<uv::SocketAddress> &list, const uv::SocketAddress &address) {
    return std::ranges::find(list, address) != list.end();
}

}  // namespace

/// One name, and the endpoints that have it.
class EndpointNames::Name {
public:
    Name(EndpointNames &owner, const std::string &host)
        : owner_{owner},
          question_{.dns = {.host = host, .port = 0, .path = {}},
                    .record = config::Discovery::Record::address,
                    .refresh = {},
                    .server = owner.server_},
          pause_{owner.random_.next()},
          timer_{owner.loop_, Delegate<void()>::bind<&Name::ask>(*this)} {
        timer_.arm(soon());
    }

    const std::string &host() const { return question_.dns.host; }

    void add(std::size_t number, const config::Cluster &cluster, const config::Endpoint &endpoint) {
        users_.push_back({.number = number, .cluster = cluster, .endpoint = endpoint});
    }

private:
    struct User {
        std::size_t number;  // over all clusters
        const config::Cluster &cluster;
        const config::Endpoint &endpoint;
    };

    /// At random, so that many names do not ask at the same moment.
    Duration soon() {
        return RefreshPause::shortest * owner_.random_.below(1024) / std::int64_t{1024};
    }

    void ask() {
        if (owner_.asking_ == most_at_once) {
            timer_.arm(soon());
            return;
        }
        ++owner_.asking_;
        lookup_.emplace(owner_.loop_, question_, Delegate<void()>::bind<&Name::on_done>(*this),
                        DnsLookup::Sources::hosts_first);
    }

    void on_done() {
        const DnsLookup::Outcome outcome = lookup_->outcome();
        lookup_.reset();
        --owner_.asking_;
        const bool found = !outcome.found.empty();
        report(found, outcome.problem);
        timer_.arm(found ? pause_.after_answer(RefreshPause::bounded(outcome.ttl))
                         : pause_.after_failure());
        if (!found) return;
        for (const User &user : users_) apply(user, outcome);
    }

    void report(bool found, const std::string &problem) {
        if (found == found_) return;
        found_ = found;
        if (found) log::info("endpoints at {}: DNS tells where that is again", host());
        else
            log::warning(
                "endpoints at {}: DNS does not tell where that is ({}): the last "
                "addresses are kept",
                host(), problem);
    }

    void apply(const User &user, const DnsLookup::Outcome &outcome) {
        const uv::SocketAddress former = owner_.addresses_.current(user.number);
        owner_.addresses_.set(user.number, addresses_of(user, former, outcome));
        const uv::SocketAddress now = owner_.addresses_.current(user.number);
        if (now == former) return;
        log::info("cluster {}: endpoint {} is at {} now, no longer at {}", user.cluster.name,
                  user.endpoint.name, uv::to_text(now), uv::to_text(former));
    }

    std::vector<uv::SocketAddress> addresses_of(const User &user, const uv::SocketAddress &used,
                                                const DnsLookup::Outcome &outcome) {
        std::vector<uv::SocketAddress> list;
        for (const DnsLookup::Found &found : outcome.found) {
            list.push_back(found.address);
            list.back().set_port(user.endpoint.address.port);
        }
        for (const uv::SocketAddress &known : owner_.addresses_.all(user.number))
            if (outcome.may_miss(known) && !contains(list, known)) list.push_back(known);
        if (contains(list, used)) return list;
        // One of the same family: what this host can reach at all is not known here.  Any of them,
        // else the proxies of a fleet would all choose the same.
        const auto others = std::stable_partition(
            list.begin(), list.end(),
            [&](const uv::SocketAddress &address) { return address.family() == used.family(); });
        if (const auto alike = others - list.begin(); alike > 1)
            std::rotate(list.begin(),
                        list.begin() + owner_.random_.below(static_cast<std::uint32_t>(alike)),
                        others);
        return list;
    }

    EndpointNames &owner_;
    config::Discovery question_;
    std::vector<User> users_;
    RefreshPause pause_;
    bool found_ = true;  // at start it was
    uv::Timer timer_;
    std::optional<DnsLookup> lookup_;
};

EndpointNames::EndpointNames(uv::Loop &loop, const proxy::Runtime &runtime,
                             EndpointAddresses &addresses, Settings settings)
    : loop_{loop},
      addresses_{addresses},
      random_{settings.seed},
      server_{std::move(settings.server)} {
    for (const proxy::ClusterRuntime &cluster : runtime.clusters()) {
        for (std::size_t i = 0; i < cluster.configured.size(); ++i) {
            const config::Endpoint *const endpoint = cluster.configured[i];
            if (endpoint == nullptr || !is_name(endpoint->address)) continue;
            name_of(endpoint->address.host)
                .add(cluster.first_endpoint + i, *cluster.config, *endpoint);
        }
    }
}

EndpointNames::~EndpointNames() = default;

EndpointNames::Name &EndpointNames::name_of(const std::string &host) {
    const auto known = std::ranges::find(
        names_, host, [](const auto &name) -> const std::string & { return name->host(); });
    if (known != names_.end()) return **known;
    return *names_.emplace_back(std::make_unique<Name>(*this, host));
}

}  // namespace uvoy::server
