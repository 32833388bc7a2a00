#include "server/memory_guard.h"

#include "base/log.h"
#include "uv/loop.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

namespace uvoy::server {

namespace {

// Walking all arenas takes milliseconds and stops workers that allocate meanwhile.
constexpr Duration trim_interval = std::chrono::seconds{1};

std::uint64_t mebibytes(std::uint64_t bytes) { return bytes >> 20; }

}  // namespace

MemoryGuard::MemoryGuard(uv::Loop &loop, std::uint64_t limit_bytes, std::atomic<bool> &overloaded)
    : limit_{limit_bytes},
      overloaded_{overloaded},
      statm_{open("/proc/self/statm", O_RDONLY | O_CLOEXEC)},
      timer_{loop, Delegate<void()>::bind<&MemoryGuard::on_timer>(*this)} {
    if (statm_.get() < 0)
        throw std::system_error{errno, std::system_category(), "limits.memory: /proc/self/statm"};
    timer_.arm(interval);
}

bool MemoryGuard::decide(bool was, std::uint64_t resident_bytes, std::uint64_t limit_bytes) {
    return resident_bytes > (was ? limit_bytes / 20 * 19 : limit_bytes);
}

void MemoryGuard::on_timer() {
    timer_.arm(interval);
    const bool was = overloaded_.load(std::memory_order_relaxed);
    const TimePoint now = uv::Loop::now();
    std::uint64_t bytes = resident();
    if (decide(was, bytes, limit_) && now >= next_trim_) {
        next_trim_ = now + trim_interval;
        malloc_trim(0);
        bytes = resident();
    }
    const bool is = decide(was, bytes, limit_);
    if (is == was) return;
    overloaded_.store(is, std::memory_order_relaxed);
    if (is)
        log::warning("resident memory is {} MiB, limits.memory {} MiB: new work is refused",
                     mebibytes(bytes), mebibytes(limit_));
    else log::info("resident memory is back to {} MiB: new work is taken again", mebibytes(bytes));
}

// The second number of proc(5)'s statm, in pages.
std::uint64_t MemoryGuard::resident() const {
    std::array<char, 128> text;
    const ssize_t size = pread(statm_.get(), text.data(), text.size(), 0);
    if (size <= 0) return 0;
    const char *const end = text.data() + size;
    const char *at = text.data();
    while (at != end && *at != ' ') ++at;
    std::uint64_t pages = 0;
    if (at != end) std::from_chars(at + 1, end, pages);
    static const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return pages * page_bytes;
}

}  // namespace uvoy::server
