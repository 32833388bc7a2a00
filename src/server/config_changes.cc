#include "server/config_changes.h"

#include <algorithm>
#include <optional>

namespace uvoy::server {

namespace {

using Kind = ConfigChange::Kind;

/// Whether both name the same objects, each in its own configuration.
template <typename List>
bool same_names(const std::vector<std::size_t> &one, const List &of_one,
                const std::vector<std::size_t> &other, const List &of_other) {
    return std::ranges::equal(one, other, [&](std::size_t left, std::size_t right) {
        return of_one[left].name == of_other[right].name;
    });
}

bool same(const config::Listener &now, const config::Config &before, config::Listener next,
          const config::Config &after) {
    if (!same_names(now.rate_limits, before.rate_limits, next.rate_limits, after.rate_limits))
        return false;
    next.rate_limits = now.rate_limits;
    return now == next;
}

bool same(const config::Route &now, const config::Config &before, config::Route next,
          const config::Config &after) {
    if (!same_names(now.rate_limits, before.rate_limits, next.rate_limits, after.rate_limits) ||
        now.match.listener.has_value() != next.match.listener.has_value())
        return false;
    if (now.match.listener &&
        before.listeners[*now.match.listener].name != after.listeners[*next.match.listener].name)
        return false;
    const auto *const from = std::get_if<config::Forward>(&now.action);
    const auto *const to = std::get_if<config::Forward>(&next.action);
    if (from != nullptr && to != nullptr) {
        if (before.clusters[from->cluster].name != after.clusters[to->cluster].name) return false;
        next.action = now.action;
    }
    next.rate_limits = now.rate_limits;
    next.match.listener = now.match.listener;
    return now == next;
}

template <typename Object>
bool same(const Object &now, const config::Config &, const Object &next, const config::Config &) {
    return now == next;
}

template <typename List>
void compare(std::vector<ConfigChange> &list, std::string_view type, const List &now,
             const config::Config &before, const List &next, const config::Config &after) {
    using Object = typename List::value_type;
    for (const Object &object : now) {
        const auto found = std::ranges::find(next, object.name, &Object::name);
        if (found == next.end())
            list.push_back({.kind = Kind::removed, .type = type, .name = object.name});
        else if (!same(object, before, *found, after))
            list.push_back({.kind = Kind::changed, .type = type, .name = object.name});
    }
    for (const Object &object : next)
        if (std::ranges::find(now, object.name, &Object::name) == now.end())
            list.push_back({.kind = Kind::added, .type = type, .name = object.name});
}

bool same_order(const std::vector<config::Route> &now, const std::vector<config::Route> &next) {
    return std::ranges::equal(now, next, {}, &config::Route::name, &config::Route::name);
}

}  // namespace

std::string_view name(ConfigChange::Kind kind) {
    switch (kind) {
        case Kind::added:
            return "added";
        case Kind::removed:
            return "removed";
        case Kind::changed:
            return "changed";
    }
    return "changed";
}

std::string ConfigChange::text() const {
    return std::string{type} + ' ' + name + ' ' + std::string{server::name(kind)};
}

std::vector<ConfigChange> changes(const config::Config &now, const config::Config &next) {
    std::vector<ConfigChange> list;
    compare(list, "listener", now.listeners, now, next.listeners, next);
    compare(list, "cluster", now.clusters, now, next.clusters, next);
    compare(list, "route", now.routes, now, next.routes, next);
    compare(list, "rate limit", now.rate_limits, now, next.rate_limits, next);
    const auto setting = [&list](bool changed, const char *key) {
        if (changed) list.push_back({.kind = Kind::changed, .type = "setting", .name = key});
    };
    const bool routes_alone = list.empty() && !same_order(now.routes, next.routes);
    setting(routes_alone, "routes (their order)");
    setting(now.shutdown != next.shutdown, "shutdown");
    setting(now.limits != next.limits, "limits");
    setting(now.hash_seed != next.hash_seed, "hash_seed");
    setting(now.workers != next.workers, "workers");
    setting(now.admin != next.admin, "admin");
    setting(now.access_log != next.access_log, "access_log");
    return list;
}

std::vector<std::string> needs_restart(const config::Config &now, const config::Config &next) {
    std::vector<std::string> list;
    const auto refuse = [&list](bool changed, std::string_view key) {
        if (changed)
            list.push_back("/" + std::string{key} + ": a reload cannot change it; restart");
    };
    refuse(now.workers != next.workers, "workers");
    return list;
}

}  // namespace uvoy::server
