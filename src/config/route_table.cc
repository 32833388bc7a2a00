#include "config/tables.h"

#include <algorithm>

namespace uvoy::config {

namespace {

std::size_t &cluster_of(Route &route) { return route.action.emplace<Forward>().cluster; }
Respond &respond_of(Route &route) { return route.action.emplace<Respond>(); }

void finish(Context &context, const Node &node, Route &) {
    const Node *cluster = node.find("cluster");
    const Node *respond = node.find("respond");
    // An unknown key may be the action that was meant: that is told already.
    const bool unknown = std::ranges::any_of(node.members, [](const Member &member) {
        return route_table().find(member.key) == nullptr;
    });
    if (cluster == nullptr && respond == nullptr && !unknown)
        context.fail(node, "a route needs an action: \"cluster\" or \"respond\"");
    if (cluster == nullptr || respond == nullptr) return;
    const Node &second = cluster->offset < respond->offset ? *respond : *cluster;
    context.fail_key(node.members[second.index],
                     "a route has one action: either \"cluster\" or \"respond\"");
}

Type<std::string> upgrade() { return choice<std::string>({{"websocket", "websocket"}}); }

}  // namespace

const Table<Route> &route_table() {
    using T = Route;
    constexpr std::size_t most_upgrades = 8;
    constexpr std::uint64_t largest_body = std::uint64_t{1} << 50;
    static const Table<T> table{
        .noun = "a route",
        .keys = {derived(key<T>("name", &T::name, name(), "name in logs and metrics, unique"),
                         "\"route-N\", N counts from 0"),
                 key<T>("match", &T::match, object(match_table()),
                        "which requests the route takes; what is missing matches any"),
                 derived(key<T>("cluster", cluster_of, reference_to("clusters", "cluster"),
                                "action: forward to the cluster of that name"),
                         "none, one action is needed"),
                 derived(key<T>("respond", respond_of, object(respond_table()),
                                "action: answer without an endpoint"),
                         "none, one action is needed"),
                 key<T>("timeout", &T::timeout, duration(Zero::allowed),
                        "time for the whole exchange; \"0s\" = none"),
                 key<T>("idle_timeout", &T::idle_timeout, duration(Zero::allowed),
                        "time without a byte in either direction; \"0s\" = none"),
                 derived(key<T>("max_body", &T::max_body, optional_of(size(0, largest_body)),
                                "size of a request body; above: 413"),
                         "no limit"),
                 key<T>("upgrades", &T::upgrades, list(upgrade(), 0, most_upgrades),
                        "protocols that may take over the connection"),
                 key<T>("rate_limits", &T::rate_limits, rate_limit_names(),
                        "rate limits of the requests of this route"),
                 key<T>("retry", &T::retry, object(retry_table()),
                        "when a failed request is tried at another endpoint"),
                 derived(key<T>("hash_key", &T::hash_key, optional_of(hash_key()),
                                "what decides which endpoint of the ring takes the request"),
                         "the cluster's"),
                 key<T>("access_log", &T::access_log, boolean(),
                        "whether requests of this route are in the access log")},
        .finish = finish,
        .extra = {{"oneOf", R"([{"required": ["cluster"]}, {"required": ["respond"]}])"}}};
    return table;
}

}  // namespace uvoy::config
