#pragma once

#include <sys/uio.h>

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

    /// What was pushed and not yet dropped, oldest first: one piece, or two where the ring ends.
    /// Whole lines.  The second may be empty.
    using Pieces = std::array<std::string_view, 2>;
    Pieces peek() const;

    /// Makes room.  At most what peek() found.
    void drop(std::size_t bytes);

    std::size_t capacity() const { return mask_ + 1; }

private:
    std::size_t mask_;
    std::unique_ptr<char[]> bytes_;
    // Counts of bytes since the start.  Each side's on its own cache line, with what it last saw of
    // the other's.
    alignas(64) std::atomic<std::size_t> pushed_{0};
    std::size_t dropped_seen_ = 0;
    alignas(64) std::atomic<std::size_t> dropped_{0};
};

}  // namespace uvoy::server
