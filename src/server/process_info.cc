#include "server/process_info.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace uvoy::server {

namespace {

double in_seconds(const timeval &time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Since Linux 6.2 the directory's size is the number of its entries; before, they are counted.
std::uint64_t count_fds() {
    struct stat status {};
    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return static_cast<std::uint64_t>(status.st_size);
    DIR *directory = opendir("/proc/self/fd");
    if (directory == nullptr) return 0;
    std::uint64_t entries = 0;
    while (readdir(directory) != nullptr) ++entries;  // NOLINT(concurrency-mt-unsafe)
    closedir(directory);
    return entries > 3 ? entries - 3 : 0;  // ".", ".." and the directory itself
}

double boot_time() {
    std::ifstream file{"/proc/stat"};
    for (std::string word; file >> word;) {
        double seconds = 0;
        if (word == "btime" && file >> seconds) return seconds;
    }
    return 0;
}

/// Fields of /proc/self/stat, see proc(5).
struct Stat {
    double start_ticks = 0;  // 22: since boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};

Stat read_stat() {
    std::ifstream file{"/proc/self/stat"};
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) return {};
    std::istringstream fields{text.substr(name_end + 1)};
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    Stat stat;
    fields >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
    return stat;
}

}  // namespace

ProcessInfo read_process_info() {
    ProcessInfo info;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        info.cpu_seconds = in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
    const Stat stat = read_stat();
    info.start_time_seconds =
        boot_time() + stat.start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    info.virtual_bytes = stat.virtual_bytes;
    info.resident_bytes = stat.resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    info.open_fds = count_fds();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) info.max_fds = limit.rlim_cur;
    return info;
}

}  // namespace uvoy::server
