#include "uv/watch.h"

#include "uv/loop.h"

namespace uvoy::uv {

Watch::Watch(Loop &loop, int fd, OnReady on_ready)
    : loop_{loop}, on_ready_{on_ready}, fd_{fd}, serial_{loop.enter(*this, fd)} {}

Watch::~Watch() {
    if (known_ != 0) tell_kernel(EPOLL_CTL_DEL, 0);
    forget();
}

bool Watch::want(std::uint32_t events) {
    if (events == wanted_) return true;
    if ((events & ~std::uint32_t{known_}) != 0 &&
        !tell_kernel(known_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, events))
        return false;
    set_wanted(events);
    return true;
}

void Watch::forget() {
    if (fd_ < 0) return;
    set_wanted(0);
    loop_.leave(fd_);
    fd_ = -1;
    known_ = 0;
}

void Watch::ready(std::uint32_t events) {
    const bool unwanted = wanted_ == 0 || (events & known_ & ~std::uint32_t{wanted_}) != 0;
    if (unwanted && known_ != 0) tell_kernel(wanted_ == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, wanted_);
    const std::uint32_t told = events & (wanted_ | broken);
    if (wanted_ != 0 && told != 0) on_ready_(told);
}

bool Watch::tell_kernel(int operation, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.u64 = Loop::token(fd_, serial_)}};
    if (epoll_ctl(loop_.poller(), operation, fd_, &event) != 0) return false;
    known_ = static_cast<std::uint8_t>(events);
    return true;
}

void Watch::set_wanted(std::uint32_t events) {
    loop_.count_waiting((events != 0 ? 1 : 0) - (wanted_ != 0 ? 1 : 0));
    wanted_ = static_cast<std::uint8_t>(events);
}

}  // namespace uvoy::uv
