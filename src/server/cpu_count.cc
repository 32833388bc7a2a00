#include "server/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <thread>

namespace uvoy::server {

namespace {

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<unsigned> rounded_up(std::optional<std::uint64_t> quota,
                                   std::optional<std::uint64_t> period) {
    if (!quota || !period || *period == 0) return std::nullopt;
    const std::uint64_t cpus = *quota / *period + (*quota % *period != 0 ? 1 : 0);
    return static_cast<unsigned>(std::clamp<std::uint64_t>(cpus, 1, 65'536));
}

bool names(std::string_view controllers, std::string_view wanted) {
    while (!controllers.empty()) {
        const std::size_t comma = controllers.find(',');
        if (controllers.substr(0, comma) == wanted) return true;
        if (comma == std::string_view::npos) return false;
        controllers.remove_prefix(comma + 1);
    }
    return wanted.empty();
}

std::string contents(const std::string &path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

unsigned cpus_of_affinity() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
    return std::max(1U, std::thread::hardware_concurrency());  // more CPUs than the set holds
}

/// Calls `limit(directory)` for the group and for those above it up to the mount point.
template <typename Limit>
unsigned lowest_on_the_way_up(const std::string &mount, std::string path, unsigned cpus,
                              Limit limit) {
    for (;;) {
        cpus = std::min(cpus, limit(mount + path).value_or(cpus));
        if (path.empty()) return cpus;
        path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
}

}  // namespace

std::optional<unsigned> cpus_of_cpu_max(std::string_view text) {
    text = first_line(text);
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    return rounded_up(number(text.substr(0, space)), number(text.substr(space + 1)));
}

std::optional<unsigned> cpus_of_cfs(std::string_view quota, std::string_view period) {
    return rounded_up(number(first_line(quota)), number(first_line(period)));
}

std::optional<std::string> cgroup_path(std::string_view text, std::string_view controller) {
    while (!text.empty()) {
        const std::string_view line = first_line(text);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        if (controller.empty() != controllers.empty() || !names(controllers, controller)) continue;
        const std::string_view path = line.substr(second + 1);
        return std::string{path == "/" ? "" : path};
    }
    return std::nullopt;
}

unsigned usable_cpus() {
    unsigned cpus = cpus_of_affinity();
    const std::string groups = contents("/proc/self/cgroup");
    if (const auto path = cgroup_path(groups, "")) {
        cpus = lowest_on_the_way_up("/sys/fs/cgroup", *path, cpus, [](const std::string &group) {
            return cpus_of_cpu_max(contents(group + "/cpu.max"));
        });
    }
    if (const auto path = cgroup_path(groups, "cpu")) {
        cpus =
            lowest_on_the_way_up("/sys/fs/cgroup/cpu", *path, cpus, [](const std::string &group) {
                return cpus_of_cfs(contents(group + "/cpu.cfs_quota_us"),
                                   contents(group + "/cpu.cfs_period_us"));
            });
    }
    return cpus;
}

}  // namespace uvoy::server
