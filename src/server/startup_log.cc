#include "server/startup_log.h"

#include "base/log.h"
#include "config/names.h"
#include "rcu/rcu.h"
#include "server/version.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>

namespace uvoy::server {

namespace {

std::string_view plural(std::size_t count) { return count == 1 ? "" : "s"; }

std::string joined(const std::vector<config::Address> &addresses) {
    std::string text;
    for (const config::Address &address : addresses) {
        if (!text.empty()) text += ", ";
        text += address.text();
    }
    return text;
}

}  // namespace

void log_start_up(const StartUp &start) {
    const config::Config &config = start.runtime.config();
    log::info("uvoy {}: {} worker{}, up to {} clients, process {}", version, start.workers,
              plural(start.workers), start.connections, getpid());
    for (const config::Listener &listener : config.listeners)
        log::info("listener {}: {}", listener.name, joined(listener.addresses));
    for (const config::Cluster &cluster : config.clusters) {
        const std::string_view policy = config::name(cluster.load_balancing.policy);
        if (cluster.discovery) {
            log::info("cluster {}: endpoints from DNS ({}), {}", cluster.name,
                      cluster.discovery->dns.host, policy);
            continue;
        }
        log::info("cluster {}: {} endpoint{}, {}", cluster.name, cluster.endpoints.size(),
                  plural(cluster.endpoints.size()), policy);
    }
    if (start.admin) log::info("admin: {}", config.admin->address.text());
    if (config.hash_seed.empty()) {
        log::info("hash_seed is random: set it if several uvoy should agree on who serves a key");
    }
    if (!rcu::has_membarrier())
        log::warning("the kernel lacks membarrier(2): every pick costs two memory barriers more");
}

}  // namespace uvoy::server
