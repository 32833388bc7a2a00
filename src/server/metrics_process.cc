#include "server/metrics_sections.h"
#include "server/process_info.h"

#include <string>

namespace uvoy::server {

namespace {

void append_uvoy(MetricFamilies &list, const ServerView &view) {
    const ServerState &state = view.state;
    Gauge{list, "uvoy_build_info", "Always 1; the label says which uvoy this is."}.add(
        {{"version", state.version}}, 1.0);
    Gauge config{list, "uvoy_config_hash_info",
                 "Always 1; the label identifies the configuration."};
    if (!state.config_hash.empty()) config.add({{"hash", state.config_hash}}, 1.0);
    Gauge{list, "uvoy_config_loaded_timestamp_seconds",
          "When the configuration in use was loaded, since 1970."}
        .add({}, static_cast<double>(state.config_loaded) / 1e3);
    Counter reloads{list, "uvoy_config_reloads_total",
                    "Configurations that were to take the place of "
                    "the one in use, by result."};
    reloads.add({{"result", "success"}}, state.reloads_done);
    reloads.add({{"result", "failure"}}, state.reloads_failed);
    Gauge{list, "uvoy_config_last_reload_successful",
          "0 if the last reload failed, so that the file is not what is in use, else 1."}
        .add({}, state.last_reload_failed ? 0.0 : 1.0);
    Gauge{list, "uvoy_draining", "1 while the process finishes what is in flight, else 0."}.add(
        {}, state.draining ? 1.0 : 0.0);
    Gauge{list, "uvoy_workers", "Worker threads."}.add({}, std::uint64_t{view.workers.size()});
}

void append_workers(MetricFamilies &list, const ServerView &view) {
    Counter busy{list, "uvoy_worker_busy_seconds_total", "CPU time that the worker used."};
    for (std::size_t i = 0; i < view.workers.size(); ++i) {
        const std::uint64_t nanoseconds = view.workers[i]->process().busy_nanoseconds.value();
        busy.add({{"worker", std::to_string(i)}}, static_cast<double>(nanoseconds) / 1e9);
    }
    Gauge connections{list, "uvoy_worker_connections", "Clients that the worker serves now."};
    for (std::size_t i = 0; i < view.workers.size(); ++i) {
        const std::int64_t count = view.workers[i]->process().connections.value();
        connections.add({{"worker", std::to_string(i)}}, static_cast<double>(count));
    }
    const auto sum = view.totals.process();
    Counter{list, "uvoy_accept_handoffs_total",
            "Connections that one worker accepted and another one serves."}
        .add({}, sum.accept_handoffs);
    Histogram{list, "uvoy_worker_loop_lag_seconds", "How late timers of the workers rang."}.add(
        {}, sum.loop_lag);
    Counter dropped{list, "uvoy_log_dropped_total", "Lines that the access log lost."};
    if (view.lost_lines != nullptr)
        dropped.add({}, sum.log_dropped + view.lost_lines->load(std::memory_order_relaxed));
}

}  // namespace

void append_process(MetricFamilies &list, const ServerView &view) {
    append_uvoy(list, view);
    append_workers(list, view);
    const ProcessInfo info = read_process_info();
    Counter{list, "process_cpu_seconds_total", "User and system CPU time spent."}.add(
        {}, info.cpu_seconds);
    Gauge{list, "process_resident_memory_bytes", "Resident memory size."}.add({},
                                                                              info.resident_bytes);
    Gauge{list, "process_virtual_memory_bytes", "Virtual memory size."}.add({}, info.virtual_bytes);
    Gauge{list, "process_open_fds", "Open file descriptors."}.add({}, info.open_fds);
    Gauge{list, "process_max_fds", "Most file descriptors that may be open."}.add({}, info.max_fds);
    Gauge{list, "process_start_time_seconds", "When the process started, since 1970."}.add(
        {}, info.start_time_seconds);
}

}  // namespace uvoy::server
