#include "config/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace uvoy::config {

namespace {

using Wrong = Unexpected<std::string>;

std::string why(std::string_view action, int error) {
    return std::string{action} + ": " + std::generic_category().message(error);
}

/// Reads from `fd`, which stays open.  A pipe is as good as a file, so nothing is asked for the
/// size beforehand.
Result<std::string, std::string> read_all(int fd, std::size_t max_bytes) {
    std::string content;
    std::vector<char> buffer(std::size_t{64} * 1024);
    for (;;) {
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EISDIR) return Wrong{"it is a directory"};
        if (size < 0) return Wrong{why("cannot read", errno)};
        if (size == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(size));
        if (content.size() > max_bytes)
            return Wrong{"it is larger than " + std::to_string(max_bytes >> 20) + " MiB"};
    }
}

}  // namespace

Result<std::string, std::string> read_file(const std::string &path, std::size_t max_bytes) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Wrong{why("cannot open", errno)};
    Result<std::string, std::string> content = read_all(fd, max_bytes);
    ::close(fd);
    return content;
}

}  // namespace uvoy::config
