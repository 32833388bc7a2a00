#pragma once

#include "base/time.h"
#include "config/config.h"
#include "uv/fd.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace uvoy::server {

/// One destination of the access log.  It may be slow or broken: then lines are lost, and the
/// program's own log says so, at most once a second.
class LogSink {
public:
    /// Files are made if missing (mode 0640) and appended to.  Throws std::system_error.
    explicit LogSink(const config::AccessLog &config);
    /// `name` is what complaints call it.
    LogSink(uv::FileDescriptor fd, std::string name);

    /// Writes the pieces, together whole lines, in order.  Waits until `deadline` for a pipe or a
    /// socket that takes nothing.  Returns how many lines were lost.
    std::uint64_t write(std::span<const std::string_view> pieces, TimePoint deadline);

    /// Goes on in the file that has the name now, after somebody renamed the one in use; what is
    /// no file stays.  If that cannot be opened, the one in use stays, and the program's own log
    /// says so.
    void reopen();

private:
    enum class Kind : std::uint8_t { file, pipe, socket };

    static Kind kind_of(int fd, const std::string &name);

    /// Returns what was not taken; then `error_` says why.
    std::string_view write_out(std::string_view text, TimePoint deadline);
    /// As write(2), but never waits for a reader.
    std::ptrdiff_t write_some(std::string_view text);
    bool wait_until_writable(TimePoint deadline) const;
    void complain();

    uv::FileDescriptor fd_;
    std::string name_;
    Kind kind_ = Kind::file;
    bool has_path_ = false;  // name_ is one
    bool at_line_start_ = true;
    bool stalled_ = false;  // the last write was given up for want of a reader
    int error_ = 0;
    std::uint64_t lost_ = 0;  // since the last complaint
    TimePoint next_complaint_{};
};

}  // namespace uvoy::server
