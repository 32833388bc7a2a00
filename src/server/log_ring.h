#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

namespace uvoy::server {

/// Carries whole lines from one worker to the log writer.  One thread pushes, one takes out;
/// neither waits for the other.
class LogRing {
public:
    /// Rounded up to a power of two.
    explicit LogRing(std::size_t bytes);

    LogRing(const LogRing &) = delete;
    LogRing &operator=(const LogRing &) = delete;

    /// `line` ends in its line feed.  False: there is no room, and nothing was written.
    bool push(std::string_view line);

    // --- for the log writer

    /// What was pushed and not yet dropped, oldest first; the second piece is what lies beyond the
    /// ring's end, or empty.  Together whole lines.
    using Pieces = std::array<std::string_view, 2>;
    Pieces peek() const;

    /// Makes room for as much.  At most what peek() found.
    void drop(std::size_t bytes);

    std::size_t capacity() const { return mask_ + 1; }

private:
    std::size_t mask_;
    std::unique_ptr<char[]> bytes_;
    // Bytes since the start.  Each side writes its own cache line; the first holds what the
    // worker last saw of the other, so that it looks there only when the ring seems full.
    alignas(64) std::atomic<std::size_t> pushed_{0};
    std::size_t dropped_seen_ = 0;
    alignas(64) std::atomic<std::size_t> dropped_{0};
};

}  // namespace uvoy::server
