#include "cli/ctl_text.h"

#include "base/time.h"
#include "cli/text_table.h"
#include "server/duration_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>

namespace uvoy::cli {

namespace {

using server::Json;

std::string text_of(const Json &json, const char *key) { return json.at(key).get<std::string>(); }

std::string number_of(const Json &json, const char *key) {
    return std::to_string(json.at(key).get<std::int64_t>());
}

std::string span_of(const Json &json, const char *key) {
    const std::chrono::duration<double> seconds{json.at(key).get<double>()};
    return server::duration_text(std::chrono::duration_cast<Duration>(seconds));
}

std::int64_t sum_of(const Json &counts) {
    std::int64_t sum = 0;
    for (const Json &count : counts) sum += count.get<std::int64_t>();
    return sum;
}

std::string share_of(const Json &endpoint) {
    const auto share = endpoint.find("ring_share");
    if (share == endpoint.end()) return "-";
    return fmt::format("{:.1f}%", 100 * share->get<double>());
}

/// What the operator wants of it comes first.
std::string state_of(const Json &endpoint) {
    const std::string duty = text_of(endpoint, "duty");
    return duty == "ready" ? text_of(endpoint, "state") : duty;
}

}  // namespace

std::string status_text(const Json &status) {
    std::string text =
        fmt::format("uvoy {}, process {}: {} for {}, {} workers\n", text_of(status, "version"),
                    number_of(status, "pid"), text_of(status, "state"),
                    span_of(status, "uptime_seconds"), number_of(status, "workers"));
    const Json &config = status.at("config");
    if (config.at("path").is_string())
        text += fmt::format("configuration {}, hash {}\n", text_of(config, "path"),
                            text_of(config, "hash"));
    text += fmt::format("{} requests in flight, {} connections\n\n",
                        number_of(status, "requests_in_flight"), number_of(status, "connections"));
    TextTable table{{"LISTENER", "ADDRESS", "IN FLIGHT", "CONNECTIONS", "TOTAL", "REJECTED"}};
    for (const Json &listener : status.at("listeners")) {
        std::string addresses;
        for (const Json &address : listener.at("addresses"))
            addresses.append(addresses.empty() ? "" : ", ").append(address.get<std::string>());
        table.add({text_of(listener, "name"), addresses, number_of(listener, "requests_in_flight"),
                   number_of(listener, "connections"), number_of(listener, "connections_total"),
                   number_of(listener, "connections_rejected")});
    }
    return text + table.text();
}

std::string clusters_text(const Json &clusters) {
    TextTable table{{"CLUSTER", "ENDPOINT", "ADDRESS", "WEIGHT", "STATE", "FOR", "IN FLIGHT",
                     "REQUESTS", "FAILURES", "SHARE", "WHY"}};
    for (const Json &cluster : clusters.at("clusters")) {
        for (const Json &endpoint : cluster.at("endpoints")) {
            table.add({text_of(cluster, "name"), text_of(endpoint, "name"),
                       text_of(endpoint, "address"), number_of(endpoint, "weight"),
                       state_of(endpoint), span_of(endpoint, "for_seconds"),
                       number_of(endpoint, "requests_in_flight"),
                       std::to_string(sum_of(endpoint.at("requests"))),
                       std::to_string(sum_of(endpoint.at("failures"))), share_of(endpoint),
                       text_of(endpoint, "why")});
        }
    }
    return table.text();
}

std::string printable(std::string_view text) {
    std::string result;
    for (const char byte : text) {
        if (byte == '\n' || (byte >= ' ' && byte <= '~')) result += byte;
        else result += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
    return result;
}

std::string failures_text(const Json &failures) {
    TextTable table{{"TIME", "OUTCOME", "REASON", "PHASE", "STATUS", "CLUSTER", "ENDPOINT", "TRIES",
                     "TOOK", "MORE", "CLIENT", "REQUEST"}};
    for (const Json &failure : failures.at("failures")) {
        const auto or_dash = [&](const char *key) {
            const Json &value = failure.at(key);
            if (value.is_null()) return std::string{"-"};
            std::string cell =
                printable(value.is_string() ? value.get<std::string>() : value.dump());
            std::erase(cell, '\n');
            return cell;
        };
        const std::string host = failure.at("host").is_null() ? "" : or_dash("host");
        table.add({or_dash("time"), or_dash("outcome"), or_dash("reason"), or_dash("phase"),
                   or_dash("status"), or_dash("cluster"), or_dash("endpoint"), or_dash("attempts"),
                   span_of(failure, "duration_seconds"), or_dash("more"), or_dash("client"),
                   fmt::format("{} {}{}", or_dash("method"), host, or_dash("path"))});
    }
    if (failures.at("failures").empty()) return "no failures\n";
    return table.text();
}

std::string changes_text(const Json &changes) {
    std::string text;
    for (const Json &change : changes.at("changes"))
        text += fmt::format("{} {} {}\n", text_of(change, "type"), text_of(change, "name"),
                            text_of(change, "change"));
    if (text.empty()) text = "nothing changes\n";
    const auto moved = changes.find("keys_moved");
    if (moved == changes.end()) return text;
    for (const Json &cluster : *moved) {
        const double share = cluster.at("share").get<double>();
        if (share > 0)
            text += fmt::format("cluster {}: {:.2f}% of the keys move\n",
                                text_of(cluster, "cluster"), 100 * share);
    }
    return text;
}

}  // namespace uvoy::cli
