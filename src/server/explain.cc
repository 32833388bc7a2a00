#include "server/explain.h"

#include "config/names.h"
#include "http/framing.h"
#include "http/target.h"
#include "route/key.h"
#include "server/duration_text.h"
#include "server/explain_trial.h"
#include "server/live_clusters.h"
#include "server/seeds.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace uvoy::server {

namespace {

/// The head that a client would send.
struct Request {
    std::string text;
    http::RequestHead head{};
    std::string_view query{};
    std::string port{};
};

bool names_host(const std::string &header) {
    return http::equals_ignoring_case(std::string_view{header}.substr(0, header.find(':')), "host");
}

Request make_request(const Question &question) {
    Request request;
    std::string_view target = question.url;
    std::string_view authority = "localhost";
    if (const std::size_t scheme = target.find("://"); scheme != target.npos) {
        target.remove_prefix(scheme + 3);
        const std::size_t path = std::min(target.find_first_of("/?"), target.size());
        authority = target.substr(0, path);
        target.remove_prefix(path);
    }
    const std::size_t colon = authority.rfind(':');
    if (colon != authority.npos && authority.find(']', colon) == authority.npos)
        request.port = authority.substr(colon + 1);
    target = target.substr(0, target.find('#'));
    const std::string_view slash = target.starts_with('/') || target == "*" ? "" : "/";
    request.text = fmt::format("{} {}{} HTTP/1.1\r\n", question.method, slash, target);
    if (std::ranges::none_of(question.headers, names_host))
        request.text += fmt::format("Host: {}\r\n", authority);
    for (const std::string &header : question.headers) request.text += header + "\r\n";
    request.text += "\r\n";
    return request;
}

/// By the port of the URL; else the first.
std::size_t listener_for(const config::Config &config, const std::string &port) {
    for (std::size_t i = 0; i < config.listeners.size(); ++i)
        for (const config::Address &address : config.listeners[i].addresses)
            if (!address.is_unix() && std::to_string(address.port) == port) return i;
    return 0;
}

/// What a trial runs on.
config::Config for_trial(config::Config config) {
    for (config::Listener &listener : config.listeners) listener.rate_limits.clear();
    for (config::Route &route : config.routes) {
        route.rate_limits.clear();
        route.access_log = true;
    }
    config.rate_limits.clear();
    config.access_log.resize(1);
    return config;
}

Json key_json(const std::vector<config::KeyPart> &parts, const route::KeyInput &input) {
    Json list = Json::array();
    for (const config::KeyPart &part : parts) {
        const std::string_view value = route::key_value(part, input);
        Json json{{"part", config::name(part.source)}};
        if (!part.name.empty()) json["name"] = part.name;
        if (value.data() != nullptr) json["value"] = std::string{value};
        else json["value"] = nullptr;
        list.push_back(std::move(json));
    }
    return list;
}

std::string_view why_not(route::Table::Mismatch mismatch) {
    switch (mismatch) {
        case route::Table::Mismatch::listener:
            return "another listener";
        case route::Table::Mismatch::path:
            return "another path";
        case route::Table::Mismatch::host:
            return "another host";
    }
    return "";
}

/// Why an endpoint of the hash's choices does not get the request; empty for the one that does.
/// `before`: it would have been chosen rather than that one.
std::string passed_over(const cluster::Snapshot &snapshot, std::uint16_t index,
                        std::uint16_t picked, bool before) {
    if (index == picked) return {};
    if (!snapshot.healthy(index)) return snapshot.panic() ? "out, but in a panic it serves" : "out";
    if (!before) return "next";
    if (snapshot.ramp(index) == 0) return "takes no requests";
    if (snapshot.over_bound(index)) return "has more than its share in flight";
    return "takes a part of its share only, for now";
}

std::vector<cluster::EndpointState> states_of(const cluster::Membership &membership,
                                              const std::vector<std::string> &down) {
    std::vector<cluster::EndpointState> states(membership.endpoints().size());
    for (const std::string &name : down) {
        const auto found = std::ranges::find_if(membership.endpoints(), [&](const auto &endpoint) {
            return endpoint && endpoint->name == name;
        });
        if (found == membership.endpoints().end())
            throw std::invalid_argument{
                fmt::format("--down {}: the request's cluster has no such endpoint", name)};
        states[(*found)->index].healthy = false;
    }
    return states;
}

Json endpoint_json(const cluster::Snapshot &snapshot, std::uint64_t hash) {
    const cluster::Membership &membership = snapshot.membership();
    Json json{{"healthy", snapshot.healthy_count()}, {"panic", snapshot.panic()}};
    if (!membership.hashed()) {
        json["endpoint"] = Json{};
        return json;
    }
    Random random{1};
    std::uint32_t cursor = 0;
    const std::uint16_t picked =
        snapshot.pick({.hash = hash, .random = random, .cursor = cursor, .tried = {}});
    json["arc"] = cluster::arc_of(hash);
    json["endpoint"] =
        picked == cluster::no_endpoint ? Json{} : Json(snapshot.endpoint(picked)->name);
    if (membership.levels().empty()) return json;
    const cluster::Membership::Level &level = membership.levels()[snapshot.level_of_hash(hash)];
    json["priority"] = level.priority;
    json["choices"] = Json::array();
    bool before = true;
    for (const std::uint16_t index : level.ring->choices(cluster::arc_of(hash))) {
        if (index == cluster::no_endpoint) break;
        before = before && index != picked;
        json["choices"].push_back({{"endpoint", snapshot.endpoint(index)->name},
                                   {"passed_over", passed_over(snapshot, index, picked, before)}});
    }
    return json;
}

/// The routes before the one that was taken, and why they were not.
Json routes_json(const proxy::Runtime &runtime, const route::Input &input, std::size_t taken) {
    Json list = Json::array();
    for (std::size_t i = 0; i < taken; ++i)
        list.push_back({{"name", runtime.config().routes[i].name},
                        {"why_not", why_not(*runtime.routes().mismatch(i, input))}});
    return list;
}

Json limits_json(const config::Config &config, std::size_t listener, const config::Route &route,
                 const route::KeyInput &input) {
    Json list = Json::array();
    for (const auto *limits : {&config.listeners[listener].rate_limits, &route.rate_limits}) {
        for (const std::size_t index : *limits) {
            const config::RateLimit &limit = config.rate_limits[index];
            list.push_back({{"name", limit.name}, {"key", key_json(limit.key, input)}});
        }
    }
    return list;
}

/// What the cluster does with a request that has come so far.
Json cluster_json(const config::Cluster &cluster, std::uint64_t hash, bool seeded,
                  const cluster::Snapshot &snapshot) {
    Json json{{"cluster", cluster.name},
              {"policy", config::name(cluster.load_balancing.policy)},
              {"hash", fmt::format("{:016x}", hash)},
              {"seeded", seeded}};
    json.update(endpoint_json(snapshot, hash));
    return json;
}

/// Of a cluster that nobody runs.
Json idle_cluster_json(const config::Config &config, const proxy::Runtime &runtime,
                       const Trial::Forward &forward, const Question &question) {
    const config::Cluster &cluster = config.clusters[forward.cluster];
    auto membership = std::make_shared<const cluster::Membership>(
        runtime.cluster(forward.cluster).endpoints,
        balancing_of(cluster.load_balancing, runtime.hash_seed()));
    auto states = states_of(*membership, question.down);
    Json json = cluster_json(cluster, forward.hash, !config.hash_seed.empty(),
                             {std::move(membership), std::move(states)});
    if (cluster.discovery) json["discovery"] = {{"dns", cluster.discovery->dns.text()}};
    return json;
}

/// `tell_cluster` says what the cluster makes of it; `runtime` is for trials of `config`.
template <typename TellCluster>
Explanation explain(const config::Config &config, const proxy::Runtime &runtime,
                    const Question &question, TellCluster tell_cluster) {
    Request request = make_request(question);
    const std::size_t listener = listener_for(config, request.port);
    const Trial trial = try_request(runtime, listener, question.client, request.text);
    Explanation result{.json = {{"request", question.method + ' ' + question.url},
                                {"listener", config.listeners[listener].name},
                                {"client", trial.client},
                                {"host", trial.host},
                                {"path", trial.path}}};
    Json &json = result.json;
    const Json refusal{{"status", trial.status}, {"reason", name(trial.reason)}};
    const auto parsed =
        http::parse_request(request.text, runtime.head_limits(listener), request.head);
    if (!parsed || trial.path.empty() || trial.reason == Reason::bad_request) {
        json["refused"] = refusal;
        return result;
    }
    const route::Input input{
        .listener = listener, .host = http::host_name(trial.host), .path = trial.path};
    const auto taken = runtime.routes().match(input);
    json["routes"] = routes_json(runtime, input, taken.value_or(config.routes.size()));
    if (!taken) {
        json["refused"] = refusal;
        return result;
    }
    result.routed = true;
    const config::Route &route = config.routes[*taken];
    const auto target = http::parse_target(request.head.method, request.head.target);
    const route::KeyInput key{.path = trial.path,
                              .query = target ? target->query : std::string_view{},
                              .host = input.host,
                              .client_ip = trial.client,
                              .route = route.name,
                              .fields = request.head.fields};
    json["route"] = route.name;
    json["rate_limits"] = limits_json(config, listener, route, key);
    json["timeout"] = duration_text(route.timeout);
    json["retries"] = route.retry.attempts;
    if (!trial.forward) {
        json["answered"] = {{"status", trial.status}};
        return result;
    }
    json.update(tell_cluster(*trial.forward));
    const auto &own = config.clusters[trial.forward->cluster].load_balancing.hash_key;
    json["key"] = key_json(route.hash_key ? *route.hash_key : own, key);
    return result;
}

}  // namespace

Explanation explain(const config::Config &config, const Question &question) {
    const proxy::Runtime runtime{for_trial(config), hash_seed_of(config.hash_seed), 1};
    return explain(config, runtime, question, [&](const Trial::Forward &forward) {
        return idle_cluster_json(config, runtime, forward, question);
    });
}

Explanation explain(const ServerView &view, const Question &question) {
    const config::Config &config = view.runtime.config();
    const proxy::Runtime runtime{for_trial(config), view.runtime.hash_seed(), 1};
    runtime.overloaded() = view.runtime.overloaded().load(std::memory_order_relaxed);
    return explain(config, runtime, question, [&](const Trial::Forward &forward) {
        return cluster_json(config.clusters[forward.cluster], forward.hash, true,
                            view.clusters.current(forward.cluster));
    });
}

}  // namespace uvoy::server
