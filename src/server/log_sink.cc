#include "server/log_sink.h"

#include "base/log.h"
#include "uv/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

namespace uvoy::server {

namespace {

constexpr Duration complaint_interval = std::chrono::seconds{1};

constexpr std::string_view standard_output = "stdout";
constexpr int open_flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
constexpr mode_t file_mode = 0640;

/// Opening a pipe by name waits for a reader, or fails without one, but not if one could read
/// oneself.  So a reader may come late, or go and come back.
int flags_for(const std::string &path) {
    struct stat status {};
    const bool is_pipe = stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    return is_pipe ? O_RDWR | O_CLOEXEC : open_flags;
}

uv::FileDescriptor open_log(const std::string &path) {
    const int fd = path == standard_output ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                           : open(path.c_str(), flags_for(path), file_mode);
    if (fd < 0) throw std::system_error{errno, std::generic_category(), path};
    return uv::FileDescriptor{fd};
}

std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

LogSink::LogSink(const config::AccessLog &config) : LogSink{open_log(config.path), config.path} {
    has_path_ = config.path != standard_output;
}

LogSink::LogSink(uv::FileDescriptor fd, std::string name)
    : fd_{std::move(fd)}, name_{std::move(name)}, kind_{kind_of(fd_.get(), name_)} {}

LogSink::Kind LogSink::kind_of(int fd, const std::string &name) {
    struct stat status {};
    if (fstat(fd, &status) != 0) throw std::system_error{errno, std::generic_category(), name};
    if (S_ISSOCK(status.st_mode)) return Kind::socket;
    return S_ISREG(status.st_mode) ? Kind::file : Kind::pipe;
}

void LogSink::reopen() {
    if (!has_path_ || kind_ != Kind::file) return;
    // Where a pipe without a reader has the name now, this fails instead of waiting for one.
    const int fd = open(name_.c_str(), open_flags | O_NONBLOCK, file_mode);
    if (fd < 0) {
        log::warning("access log {}: goes on in the file in use, cannot open it anew: {}", name_,
                     std::generic_category().message(errno));
        return;
    }
    fd_ = uv::FileDescriptor{fd};
    kind_ = kind_of(fd, name_);
    at_line_start_ = true;
}

std::uint64_t LogSink::write(std::span<const std::string_view> pieces, TimePoint deadline) {
    // Destinations share the time: who let it pass once is not waited for again.
    if (stalled_) deadline = TimePoint{};
    // What was cut ends here, so that it does not spoil the line that comes now.
    bool taking = at_line_start_ || write_out("\n", deadline).empty();
    std::uint64_t lost = 0;
    for (const std::string_view piece : pieces) {
        const std::string_view left = taking ? write_out(piece, deadline) : piece;
        lost += lines_in(left);
        // A line that lacks its end only gets it with the next one.
        if (taking && !left.empty() && left.size() < piece.size() && left.front() == '\n') --lost;
        taking = taking && left.empty();
    }
    stalled_ = !taking && error_ == EAGAIN;
    lost_ += lost;
    if (lost_ > 0) complain();
    return lost;
}

std::string_view LogSink::write_out(std::string_view text, TimePoint deadline) {
    while (!text.empty()) {
        const std::ptrdiff_t taken = write_some(text);
        if (taken > 0) {
            at_line_start_ = text[static_cast<std::size_t>(taken) - 1] == '\n';
            text.remove_prefix(static_cast<std::size_t>(taken));
            continue;
        }
        error_ = errno;
        if (error_ == EINTR || (error_ == EAGAIN && wait_until_writable(deadline))) continue;
        break;
    }
    return text;
}

std::ptrdiff_t LogSink::write_some(std::string_view text) {
    switch (kind_) {
        case Kind::file:
            break;
        case Kind::socket:
            return send(fd_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        case Kind::pipe:
            // O_NONBLOCK would be seen by all who share the pipe.  Instead: one that is writable
            // has room for PIPE_BUF bytes.
            if (!wait_until_writable(TimePoint{})) {
                errno = EAGAIN;
                return -1;
            }
            text = text.substr(0, PIPE_BUF);
            // Whole lines, if it can be: what is written at once stays together.
            if (const std::size_t end = text.rfind('\n'); end != text.npos)
                text = text.substr(0, end + 1);
            break;
    }
    return ::write(fd_.get(), text.data(), text.size());
}

bool LogSink::wait_until_writable(TimePoint deadline) const {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(deadline - uv::Loop::now());
    pollfd request{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
    return poll(&request, 1, static_cast<int>(std::max(left, milliseconds::zero()).count())) == 1;
}

void LogSink::complain() {
    const TimePoint now = uv::Loop::now();
    if (now < next_complaint_) return;
    next_complaint_ = now + complaint_interval;
    log::warning(
        "access log {}: lost {} lines: {}", name_, std::exchange(lost_, 0),
        error_ == EAGAIN ? "its reader is too slow" : std::generic_category().message(error_));
}

}  // namespace uvoy::server
