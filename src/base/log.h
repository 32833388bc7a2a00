#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace uvoy::log {

enum class Level : std::uint8_t { debug, info, warning, error };

/// Where a finished line goes.  Set once, before the first thread starts; the default writes to
/// standard error, one write(2) a line, so that lines of several threads do not mix.
using Sink = void (*)(Level level, std::string_view line);
void set_sink(Sink sink);
void set_level(Level level);
Level level();
/// As people write it: "debug", "info", "warning", "error".
std::string_view name(Level level);
std::optional<Level> level_of(std::string_view name);
bool enabled(Level level);
void write(Level level, std::string_view line);

template <typename... Args>
void info(fmt::format_string<Args...> format, Args &&...args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args &&...args) {
    if (enabled(Level::warning))
        write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args &&...args) {
    if (enabled(Level::error))
        write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args &&...args) {
    if (enabled(Level::debug))
        write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace uvoy::log
