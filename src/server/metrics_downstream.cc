#include "http/head.h"
#include "server/code_class.h"
#include "server/metrics_sections.h"

namespace uvoy::server {

namespace {

static_assert(stats::methods == http::method_count);

/// Names with brackets cannot be those of a route.
std::string_view route_name(const config::Config &config, const stats::RequestIndex &index,
                            std::size_t slot) {
    if (slot == index.none_slot()) return "(none)";
    if (slot > index.none_slot()) return "(other)";
    return config.routes[slot].name;
}

/// There can be very many, most of them never used: they appear with their first request.
void append_requests(MetricFamilies &list, const ServerView &view) {
    Counter requests{list, "uvoy_requests_total", "Requests answered, by route and status class."};
    const config::Config &config = view.runtime.config();
    const stats::RequestIndex &index = view.totals.request_index();
    for (std::size_t listener = 0; listener < config.listeners.size(); ++listener) {
        for (std::size_t slot = 0; slot < index.route_slots(); ++slot) {
            for (std::size_t method = 0; method < stats::methods; ++method) {
                for (std::size_t code = 0; code < stats::code_classes; ++code) {
                    requests.add_if_positive({{"listener", config.listeners[listener].name},
                                              {"route", route_name(config, index, slot)},
                                              {"method", name(static_cast<http::Method>(method))},
                                              {"code", code_class_names[code]}},
                                             view.totals.requests(listener, slot, method, code));
                }
            }
        }
    }
}

void append_reasons(MetricFamily &family, const stats::PerReason<std::uint64_t> &values) {
    for (std::size_t i = 0; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        family.add_if_positive({{"reason", reason == Reason::none ? "none" : name(reason)}},
                               values[reason]);
    }
}

}  // namespace

void append_downstream(MetricFamilies &list, const ServerView &view) {
    append_requests(list, view);

    Gauge active{list, "uvoy_connections_active", "Open client connections."};
    Counter total{list, "uvoy_connections_total", "Client connections accepted."};
    Counter rejected{list, "uvoy_connections_rejected_total",
                     "Client connections closed at once, because there were too many."};
    const config::Config &config = view.runtime.config();
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        const auto sum = view.totals.listener(i);
        const std::string_view listener = config.listeners[i].name;
        active.add({{"listener", listener}}, sum.connections_active);
        total.add({{"listener", listener}}, sum.connections_total);
        rejected.add({{"listener", listener}}, sum.connections_rejected);
    }

    const auto process = view.totals.process();
    Counter closed{list, "uvoy_connections_closed_total",
                   "Client connections closed, by reason (none: in good order)."};
    append_reasons(closed, process.connections_closed);
    Counter answers{list, "uvoy_responses_by_uvoy_total",
                    "Answers that no endpoint gave, by reason (none: a route said so)."};
    append_reasons(answers, process.responses_by_uvoy);
    Counter{list, "uvoy_received_bytes_total", "Bytes received from clients."}.add(
        {}, process.received_bytes);
    Counter{list, "uvoy_sent_bytes_total", "Bytes sent to clients."}.add({}, process.sent_bytes);
}

}  // namespace uvoy::server
