#include "server/descriptor_channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

namespace uvoy::server {

namespace {

constexpr std::size_t control_size = CMSG_SPACE(DescriptorChannel::most_descriptors * sizeof(int));

}  // namespace

std::pair<DescriptorChannel, DescriptorChannel> DescriptorChannel::make() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::system_error{errno, std::generic_category(), "cannot make a socket pair"};
    return {DescriptorChannel{uv::FileDescriptor{ends[0]}},
            DescriptorChannel{uv::FileDescriptor{ends[1]}}};
}

bool DescriptorChannel::send(std::string_view text,
                             std::span<const uv::FileDescriptor> descriptors) const {
    assert(descriptors.size() <= most_descriptors && text.size() <= most_text);
    std::string bytes{text};
    iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) std::array<char, control_size> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        const std::size_t size = descriptors.size() * sizeof(int);
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(size);
        cmsghdr *const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        for (std::size_t i = 0; i < descriptors.size(); ++i) {
            const int number = descriptors[i].get();
            std::memcpy(CMSG_DATA(header) + i * sizeof number, &number, sizeof number);
        }
    }
    return sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

std::optional<DescriptorChannel::Message> DescriptorChannel::receive(Duration patience) const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    pollfd wait{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const auto limit = static_cast<int>(duration_cast<milliseconds>(patience).count());
    if (poll(&wait, 1, limit) <= 0) return std::nullopt;
    std::array<char, most_text> text;
    iovec piece{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, control_size> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size <= 0) return std::nullopt;
    Message got{.text = {text.data(), static_cast<std::size_t>(size)}, .descriptors = {}};
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
            got.descriptors.emplace_back(number);
        }
    }
    return got;
}

}  // namespace uvoy::server
