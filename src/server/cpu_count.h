#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace uvoy::server {

/// CPUs that this process may use: the affinity mask, and no more than the CPU quota of its control
/// group and the groups above it, rounded up.  At least 1.
unsigned usable_cpus();

/// What cpu.max of cgroup v2 allows ("150000 100000" is 2); nullopt = no quota, or not understood.
std::optional<unsigned> cpus_of_cpu_max(std::string_view text);

/// The same of cpu.cfs_quota_us and cpu.cfs_period_us of cgroup v1.
std::optional<unsigned> cpus_of_cfs(std::string_view quota, std::string_view period);

/// The process's group in /proc/self/cgroup: of hierarchy v2 if `controller` is empty, else of the
/// v1 hierarchy with that controller.
std::optional<std::string> cgroup_path(std::string_view proc_self_cgroup,
                                       std::string_view controller);

}  // namespace uvoy::server
