#pragma once

#include "base/time.h"
#include "uv/fd.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::server {

/// One end of a unix socket that keeps messages apart (SOCK_SEQPACKET); a message is a text and
/// descriptors.
class DescriptorChannel {
public:
    /// The kernel takes 253 (SCM_MAX_FD).
    static constexpr std::size_t most_descriptors = 128;
    static constexpr std::size_t most_text = 8192;

    struct Message {
        std::string text;
        std::vector<uv::FileDescriptor> descriptors;
    };

    explicit DescriptorChannel(uv::FileDescriptor fd) : fd_{std::move(fd)} {}

    /// Both ends.  Throws std::system_error.
    static std::pair<DescriptorChannel, DescriptorChannel> make();

    int fd() const { return fd_.get(); }

    /// False: the other end is closed, or does not read.
    bool send(std::string_view text, std::span<const uv::FileDescriptor> descriptors = {}) const;

    /// Waits for a message, at most `patience`.  None: there comes no (further) one.
    std::optional<Message> receive(Duration patience) const;

private:
    uv::FileDescriptor fd_;
};

}  // namespace uvoy::server
