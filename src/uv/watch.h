#pragma once

#include "base/delegate.h"

#include <sys/epoll.h>

#include <cstdint>

namespace uvoy::uv {

class Loop;

/// Tells when a descriptor is ready, for as long as it is (level-triggered).
///
/// Sockets wait by this, in the place of uv_poll_t and uv_stream_t, with which a small request took
/// a tenth more instructions (10,743 where it is 9,723 with this; test/bench/instructions.py), and
/// a connection two more system calls (9.10 by strace -c where it is 7.07).
class Watch {
public:
    static constexpr std::uint32_t readable = EPOLLIN;
    static constexpr std::uint32_t writable = EPOLLOUT;
    /// Comes unasked, with what reading or writing will tell.
    static constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;

    /// Some of the events above.  The callee may destroy the Watch.
    using OnReady = Delegate<void(std::uint32_t events)>;

    /// Watches nothing yet.  The descriptor is the caller's, who closes it after forget() or after
    /// the Watch's destruction.
    Watch(Loop &loop, int fd, OnReady on_ready);
    ~Watch();

    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    /// `events`: readable, writable, both or 0.  Wanting less costs nothing before what is no
    /// longer wanted happens.  False, with errno: the kernel watches no more
    /// (ENOSPC: fs.epoll.max_user_watches), or not such a thing.
    [[nodiscard]] bool want(std::uint32_t events);

    /// The descriptor is about to be closed, and nobody has another for the same: the kernel then
    /// takes it off its list itself.  Nothing more comes of this Watch.
    void forget();

    Loop &loop() const { return loop_; }

private:
    friend class Loop;

    void ready(std::uint32_t events);
    bool tell_kernel(int operation, std::uint32_t events);
    void set_wanted(std::uint32_t events);

    Loop &loop_;
    OnReady on_ready_;
    int fd_;
    std::uint32_t serial_;     ///< tells it from former ones of the same descriptor
    std::uint8_t wanted_ = 0;  ///< events
    std::uint8_t known_ = 0;   ///< to the kernel; 0 = it has no such entry
};

}  // namespace uvoy::uv
