#include "config/route_paths.h"
#include "config/tables.h"

#include <unordered_map>

namespace uvoy::config {

namespace {

Type<std::uint32_t> workers() {
    const Type<std::uint32_t> word = choice<std::uint32_t>({{"auto", 0}});
    const Type<std::uint32_t> number = integer<std::uint32_t>(1, 256);
    return {.expects = word.expects + " or " + number.expects,
            .read =
                [=](Context &context, const Node &node, std::uint32_t &value) {
                    const bool is_word = node.kind == Node::Kind::string;
                    if (!is_word && !node.is_number())
                        return fail_kind(context, node, word.expects + " or " + number.expects);
                    return (is_word ? word : number).read(context, node, value);
                },
            .schema = any_of(word.schema, number.schema),
            .write = word.write};
}

/// Any text, also none: it is only hashed.
Type<std::string> seed() {
    constexpr std::size_t longest = 1024;
    const Form form{.expects = "a text of at most 1024 bytes", .pattern = "[\\s\\S]*"};
    Parse<std::string> parse = [](const std::string &string) -> Result<std::string, std::string> {
        if (string.size() <= longest) return string;
        return Unexpected<std::string>{"longer than 1024 bytes"};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

void check_mode(Context &context, const Node &node, Admin &admin) {
    const Node *const mode = node.find("mode");
    if (mode != nullptr && !admin.address.is_unix())
        context.fail(*mode, "belongs to a \"unix:\" address");
}

const Table<Admin> &admin_table() {
    using T = Admin;
    static const Table<T> table{
        .noun = "an admin API",
        .keys = {key<T>("address", &T::address, admin_address(), "where it listens"),
                 derived(key<T>("mode", &T::mode, file_mode(),
                                "permissions of the file of a \"unix:\" address"),
                         "\"0600\"")},
        .finish = check_mode};
    return table;
}

const Table<Shutdown> &shutdown_table() {
    using T = Shutdown;
    static const Table<T> table{
        .noun = "a shutdown",
        .keys = {key<T>("drain_timeout", &T::drain_timeout, duration(Zero::allowed),
                        "how long exchanges in flight may take after SIGTERM")}};
    return table;
}

const Table<Limits> &limits_table() {
    using T = Limits;
    constexpr std::uint64_t least_memory = std::uint64_t{16} << 20;
    constexpr std::uint64_t most_memory = std::uint64_t{1} << 50;
    static const Table<T> table{
        .noun = "a set of limits",
        .keys = {
            derived(key<T>("connections", &T::connections, integer<std::uint32_t>(1, 10'000'000),
                           "connections of the whole process, both sides"),
                    "what RLIMIT_NOFILE allows"),
            derived(key<T>("memory", &T::memory, optional_of(size(least_memory, most_memory)),
                           "resident memory of the process, above which new connections and "
                           "requests get 503"),
                    "no limit")}};
    return table;
}

/// Addresses that would meet at one socket have one text.
std::string socket_of(const Address &address) {
    if (address.host != "localhost") return address.text();
    return Address{.host = "127.0.0.1", .port = address.port, .path = {}}.text();
}

void check_addresses(Context &context, const Node &root, const Config &config) {
    std::unordered_map<std::string, std::string> owners;
    const Node *listeners = root.find("listeners");
    for (const Listener &listener : config.listeners) {
        const Node *written = listeners->find(listener.name)->find("address");
        for (std::size_t i = 0; i < listener.addresses.size(); ++i) {
            const Address &address = listener.addresses[i];
            const bool is_read = address.is_unix() || address.is_inherited() || address.port != 0;
            if (written == nullptr || !is_read) continue;
            const bool many = written->kind == Node::Kind::array;
            const auto [owner, is_new] = owners.emplace(socket_of(address), listener.name);
            // Within one array, the list itself reports what is written twice.
            if (!is_new && owner->second != listener.name)
                context.fail(many ? written->items[i] : *written,
                             "listener " + quote(owner->second) + " has this address already");
        }
    }
    if (!config.admin) return;
    const auto owner = owners.find(socket_of(config.admin->address));
    if (owner == owners.end()) return;
    const Node *admin = root.find("admin");
    const Node *address = admin != nullptr ? admin->find("address") : nullptr;
    const Node *listener = listeners->find(owner->second);
    if (address != nullptr)
        context.fail(*address, "listener " + quote(owner->second) + " has this address already");
    else
        context.fail(*listener->find("address"),
                     "the admin API listens there by default; set \"admin\" to another address");
}

void name_routes(Context &context, const Node &routes, std::vector<Route> &of) {
    std::unordered_map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < of.size(); ++i) {
        const Node *written = routes.items[i].find("name");
        if (written == nullptr) of[i].name = "route-" + std::to_string(i);
        if (of[i].name.empty()) continue;
        const auto [first, is_new] = names.emplace(of[i].name, i);
        if (!is_new)
            context.fail(written != nullptr ? *written : routes.items[i],
                         "route " + std::to_string(first->second) + " is called " +
                             quote(of[i].name) + " already");
    }
}

void finish(Context &context, const Node &root, Config &config) {
    check_addresses(context, root, config);
    const Node *routes = root.find("routes");
    if (routes != nullptr) {
        if (routes->items.size() != config.routes.size()) return;
        name_routes(context, *routes, config.routes);
        check_route_paths(context, *routes, config);
        return;
    }
    const std::vector<std::string_view> clusters = context.names("clusters");
    if (clusters.size() == 1) {
        config.routes.emplace_back().name = "default";
    } else if (clusters.empty()) {
        if (root.find("clusters") != nullptr)
            context.fail(root, "no cluster and no route: nothing would ever be answered");
    } else {
        context.fail(root,
                     "with " + std::to_string(clusters.size()) +
                         " clusters the key \"routes\" is needed, for example [{\"cluster\": " +
                         quote(clusters.front()) + "}]");
    }
}

std::vector<Key<Config>> keys() {
    using T = Config;
    return {
        key<T>("workers", &T::workers, workers(),
               "threads with an event loop; \"auto\" = CPUs that this process may use"),
        required(key<T>("listeners", &T::listeners, named(listener_table(), 1, 64),
                        "where clients connect: name to listener")),
        required(key<T>("clusters", &T::clusters, named(cluster_table(), 0, 1024),
                        "where requests go: name to cluster")),
        derived(key<T>("routes", &T::routes, list(object(route_table()), 1, 16384),
                       "which request goes where; the first match wins"),
                "all to the only cluster"),
        key<T>("rate_limits", &T::rate_limits, named(rate_limit_table(), 0, 256),
               "limits that listeners and routes refer to: name to rate limit"),
        key<T>("admin", &T::admin, nullable(optional_of(object(admin_table()))),
               "admin API and metrics; null turns them off"),
        key<T>("access_log", &T::access_log, nullable(one_or_many(object(access_log_table()), 16)),
               "one access log or an array of them; null = none"),
        key<T>("shutdown", &T::shutdown, object(shutdown_table()), "how the process ends"),
        key<T>("limits", &T::limits, object(limits_table()), "limits of the whole process"),
        key<T>("hash_seed", &T::hash_seed, seed(),
               "secret that the fleet shares, keys hashing; \"\" = random at start")};
}

}  // namespace

const Table<Config> &top_table() {
    static const Table<Config> table{.noun = "a configuration", .keys = keys(), .finish = finish};
    return table;
}

}  // namespace uvoy::config
