#include "config/tables.h"

#include <string_view>
#include <unordered_map>

namespace uvoy::config {

namespace {

const Table<LoadBalancing> &load_balancing_table() {
    using T = LoadBalancing;
    static const Table<T> table{
        .noun = "a way of load balancing",
        .keys = {key<T>("policy", &T::policy,
                        choice<Policy>({{"ring_hash", Policy::ring_hash},
                                        {"maglev", Policy::maglev},
                                        {"least_request", Policy::least_request},
                                        {"peak_ewma", Policy::peak_ewma},
                                        {"round_robin", Policy::round_robin},
                                        {"random", Policy::random}}),
                        "how the endpoint of a request is picked"),
                 key<T>("hash_key", &T::hash_key, hash_key(),
                        "what ring_hash and maglev hash: the parts are joined in this order"),
                 key<T>("bounded_load", &T::bounded_load, nullable(optional_of(factor(110, 1000))),
                        "an endpoint with more than this multiple of its share of the requests in "
                        "flight is passed over; null = no bound"),
                 key<T>("slow_start", &T::slow_start, duration(Zero::allowed),
                        "time in which a returning or new endpoint gets back to its whole share; "
                        "\"0s\" = at once"),
                 key<T>("panic_threshold", &T::panic_threshold, share(),
                        "with more of the weight out than this, every endpoint is used; "
                        "\"100%\" = never")},
        .finish = [](Context &context, const Node &node, LoadBalancing &value) {
            const bool hashed = value.policy == Policy::ring_hash || value.policy == Policy::maglev;
            const Node *bound = node.find("bounded_load");
            if (value.bounded_load && bound != nullptr && !hashed)
                context.fail_key(node.members[bound->index],
                                 "only the policies \"ring_hash\" and \"maglev\" use this key");
        }};
    return table;
}

const Table<ClusterLimits> &limits_table() {
    using T = ClusterLimits;
    constexpr std::uint32_t most = 1'000'000;
    static const Table<T> table{
        .noun = "a set of limits",
        .keys = {key<T>("connections", &T::connections, integer<std::uint32_t>(1, most),
                        "connections to one endpoint"),
                 key<T>("requests", &T::requests, integer<std::uint32_t>(1, most),
                        "requests in flight at one endpoint; above: 503"),
                 key<T>("pending", &T::pending, integer<std::uint32_t>(0, most),
                        "requests of the cluster that wait for a connection; above: 503"),
                 key<T>("pending_timeout", &T::pending_timeout, duration(),
                        "how long a request waits for a connection; then: 503")}};
    return table;
}

const Table<ClusterTimeouts> &timeouts_table() {
    using T = ClusterTimeouts;
    static const Table<T> table{
        .noun = "a set of timeouts",
        .keys = {key<T>("connect", &T::connect, duration(), "time to connect to an endpoint"),
                 key<T>("idle", &T::idle, duration(),
                        "how long a connection without a request is kept")}};
    return table;
}

/// Endpoints come from the file or from elsewhere.
void check_source(Context &context, const Node &node) {
    const Node *discovery = node.find("discovery");
    if (node.find("endpoints") != nullptr && discovery != nullptr) {
        context.fail_key(node.members[discovery->index],
                         "a cluster has either \"endpoints\" or \"discovery\"");
    }
    if (node.find("endpoints") != nullptr || discovery != nullptr) return;
    for (const Member &member : node.members)  // a misspelled key is not missing as well
        if (closest(member.key, {"endpoints", "discovery"})) return;
    context.fail(node, "a cluster needs the key \"endpoints\" or \"discovery\"");
}

/// Endpoints and their nodes have the same indices.
void finish(Context &context, const Node &node, Cluster &cluster) {
    check_source(context, node);
    const Node *nodes = node.find("endpoints");
    if (nodes == nullptr || nodes->items.size() != cluster.endpoints.size()) return;
    std::unordered_map<std::string, std::size_t> addresses;
    std::unordered_map<std::string_view, std::size_t> names;
    for (std::size_t i = 0; i < cluster.endpoints.size(); ++i) {
        const Endpoint &endpoint = cluster.endpoints[i];
        if (endpoint.name.empty()) continue;
        const auto [twin, is_new] = addresses.emplace(endpoint.address.text(), i);
        const auto [namesake, is_new_name] = names.emplace(endpoint.name, i);
        if (!is_new)
            context.fail(nodes->items[i],
                         "has the same address as endpoint " + std::to_string(twin->second));
        else if (!is_new_name)
            context.fail(nodes->items[i], "has the same name as endpoint " +
                                              std::to_string(namesake->second) +
                                              ", the ring tells endpoints apart by their names");
    }
}

}  // namespace

const Table<Cluster> &cluster_table() {
    using T = Cluster;
    constexpr std::size_t most_endpoints = 4096;
    static const Type<Endpoint> endpoint = [] {
        const Type<Endpoint> full = object(endpoint_table());
        const Type<Address> address = endpoint_address();
        const Type<Endpoint> plain{
            .expects = address.expects,
            .read =
                [read = address.read](Context &context, const Node &node, Endpoint &value) {
                    if (!read(context, node, value.address)) return false;
                    value.name = value.address.text();
                    return true;
                },
            .schema = address.schema,
            .write = [](const Endpoint &value) { return json_string(value.address.text()); }};
        return either(plain, full);
    }();
    static const Table<T> table{
        .noun = "a cluster",
        .keys = {derived(key<T>("endpoints", &T::endpoints, list(endpoint, 1, most_endpoints),
                                "the servers: addresses, or objects with an address"),
                         "what \"discovery\" finds"),
                 derived(key<T>("discovery", &T::discovery, optional_of(object(discovery_table())),
                                "where the endpoints are asked for"),
                         "they stand in \"endpoints\""),
                 key<T>("load_balancing", &T::load_balancing, object(load_balancing_table()),
                        "how the endpoint of a request is picked"),
                 key<T>("health_check", &T::health_check, object(health_check_table()),
                        "how uvoy finds out whether an endpoint lives"),
                 key<T>("outlier_detection", &T::outlier_detection,
                        nullable(optional_of(object(outlier_detection_table()))),
                        "when failures of traffic take an endpoint out; null = never"),
                 key<T>("limits", &T::limits, object(limits_table()),
                        "how much of the cluster may be in use"),
                 key<T>("retry_budget", &T::retry_budget, object(retry_budget_table()),
                        "how many requests in flight may be retries; one above it waits"),
                 key<T>("timeouts", &T::timeouts, object(timeouts_table()),
                        "how long an upstream connection may take")},
        .finish = finish,
        .extra = {
            {"oneOf",
             json_array(
                 {JsonObject{{"required", json_array({json_string("endpoints")})}}.text(),
                  JsonObject{{"required", json_array({json_string("discovery")})}}.text()})}}};
    return table;
}

}  // namespace uvoy::config
