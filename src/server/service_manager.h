#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "uv/fd.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace uvoy::server {

/// What systemd gets to hear (sd_notify(3)): without it, all of this does nothing.
class ServiceManager {
public:
    /// Takes the listening sockets that systemd opened or kept for this process
    /// (sd_listen_fds(3)): they are inherited.  Once, before anything listens.
    static void take_sockets();

    /// `workers_live`: whether all have turned since it last said so.
    ServiceManager(uv::Loop &loop, Delegate<bool()> workers_live);

    ServiceManager(const ServiceManager &) = delete;
    ServiceManager &operator=(const ServiceManager &) = delete;

    /// It serves, for the first time or after reloading(); `status` is one line for who asks.  Lets
    /// systemd keep all listening sockets that are there then and in the seconds to follow, and no
    /// others: the next process gets them after a restart or a crash.
    void ready(std::string_view status = "serving");
    void reloading();
    /// It ends, and needs time as long as this object lives.
    void stopping();
    /// Another process is the service from now on; nothing more is said.
    void hand_over(int pid);

private:
    void tick();
    void store_sockets();
    bool send(std::string_view text, std::span<const uv::FileDescriptor> sockets = {});

    Delegate<bool()> workers_live_;
    std::string address_;  // of systemd's socket; empty: nobody listens
    uv::FileDescriptor socket_;
    std::map<std::string, std::size_t> stored_;  // how many of a name
    int looks_left_ = 0;                         // at the sockets, after a reload
    std::optional<Duration> watchdog_;
    bool stopping_ = false;
    uv::Timer timer_;
};

}  // namespace uvoy::server
