#include "uv/listener.h"

#include "base/log.h"
#include "base/time.h"
#include "uv/loop.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <system_error>

namespace uvoy::uv {
namespace {

/// Connections a wake-up may take before other streams of the loop have their turn.
constexpr unsigned accept_limit = 64;
/// Descriptors or memory come back when somebody frees them: polling meanwhile would only spin.
constexpr Duration exhausted_pause = std::chrono::milliseconds{100};
constexpr Duration warning_interval = std::chrono::seconds{1};

/// One for the process: descriptors run out for all workers at once.
std::atomic<TimePoint::rep> next_warning{0};

/// Whether the caller may write the warning of this interval.
bool take_warning(TimePoint now) {
    TimePoint::rep due = next_warning.load(std::memory_order_relaxed);
    const TimePoint::rep next = (now + warning_interval).time_since_epoch().count();
    return now.time_since_epoch().count() >= due &&
           next_warning.compare_exchange_strong(due, next, std::memory_order_relaxed);
}

}  // namespace

ListenSocket::ListenSocket(Loop &loop, FileDescriptor socket, OnAccept on_accept)
    : socket_{std::move(socket)},
      on_accept_{on_accept},
      resume_{loop, Delegate<void()>::bind<&ListenSocket::resume>(*this)},
      port_{local_address(socket_.get()).port()} {
    watch_.emplace(loop, socket_.get(), Watch::OnReady::bind<&ListenSocket::on_ready>(*this));
    resume();
}

void ListenSocket::resume() {
    if (!watch_->want(Watch::readable)) pause(errno);
}

void ListenSocket::on_ready(std::uint32_t) {
    const Loop::Callback callback{watch_->loop()};
    // Whoever has gone just now makes room.
    watch_->loop().call_due_hook();
    accept_some(accept_limit);
}

void ListenSocket::pause(int error) {
    static_cast<void>(watch_->want(0));  // less is never refused
    resume_.arm(exhausted_pause);
    if (!take_warning(Loop::now())) return;
    log::warning("cannot accept on {}: {}; trying again every 100 ms",
                 to_text(local_address(socket_.get())), std::system_category().message(error));
}

ListenSocket::Accepted ListenSocket::accept_one() {
    sockaddr_storage peer;
    peer.ss_family = AF_UNSPEC;
    socklen_t length = sizeof peer;
    const int fd = accept4(socket_.get(), reinterpret_cast<sockaddr *>(&peer), &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        on_accept_(fd, peer);
        return Accepted::one;
    }
    switch (errno) {
        case EAGAIN:
            return Accepted::none;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            pause(errno);
            return Accepted::exhausted;
        case EBADF:
        case EFAULT:
        case EINVAL:
        case ENOTSOCK:
            log::error("accept4 failed: {}", std::system_category().message(errno));
            std::abort();
        default:  // An interruption, or the fate of that one connection: accept(2), "Error
                  // handling".
            return Accepted::one;
    }
}

void ListenSocket::accept_some(unsigned limit) {
    while (limit-- > 0 && listening() && accept_one() == Accepted::one) {
    }
}

// A filter of the socket sees what comes from the TCP header on (socket(7), SO_ATTACH_FILTER), and
// goes on with what is accepted, where no SYN comes.
void ListenSocket::admit_new(bool on) {
    constexpr std::uint32_t flags_at = 13;
    constexpr std::uint32_t syn = 0x02;
    static sock_filter only_others[]{
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, syn, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, ~std::uint32_t{0}),
    };
    const sock_fprog program{.len = std::size(only_others), .filter = only_others};
    if (!listening() || port_ == 0) return;
    const int unused = 0;
    const int done =
        on ? setsockopt(socket_.get(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused)
           : setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    if (done != 0)
        log::warning("cannot filter handshakes on port {}: {}", port_,
                     std::system_category().message(errno));
}

void ListenSocket::drain_queue() {
    // Bounded, because clients may come as fast as they are accepted.
    constexpr unsigned more_than_any_backlog = 65536;
    accept_some(more_than_any_backlog);
}

void ListenSocket::stop() {
    if (!listening() || stopping_) return;  // on_accept_ may call it again while it drains
    stopping_ = true;
    drain_queue();
    resume_.cancel();
    watch_.reset();
    socket_ = FileDescriptor{};
}

}  // namespace uvoy::uv
