#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace uvoy::log {

namespace {

/// Prefixes are those of sd-daemon(3): journald turns "<4>" into a priority.
void to_stderr(Level level, std::string_view line) {
    static const bool journal =
        getenv("JOURNAL_STREAM") != nullptr;  // NOLINT(concurrency-mt-unsafe)
    static constexpr std::string_view priorities[]{"<7>", "<6>", "<4>", "<3>"};
    static constexpr std::string_view words[]{"debug: ", "", "warning: ", "error: "};
    std::string text{journal ? priorities[static_cast<int>(level)]
                             : words[static_cast<int>(level)]};
    text.append(line).append("\n");
    // A log that cannot be written has nobody to tell.
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};

std::atomic<Sink> sink{to_stderr};
std::atomic<Level> lowest{Level::info};

}  // namespace

void set_sink(Sink next) { sink.store(next, std::memory_order_relaxed); }
void set_level(Level level) { lowest.store(level, std::memory_order_relaxed); }
Level level() { return lowest.load(std::memory_order_relaxed); }

std::string_view name(Level level) { return names[static_cast<std::size_t>(level)]; }

std::optional<Level> level_of(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<Level>(i);
    return std::nullopt;
}

bool enabled(Level level) { return level >= lowest.load(std::memory_order_relaxed); }
void write(Level level, std::string_view line) {
    sink.load(std::memory_order_relaxed)(level, line);
}

}  // namespace uvoy::log
