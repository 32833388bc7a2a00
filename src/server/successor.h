#pragma once

#include "base/delegate.h"
#include "server/descriptor_channel.h"
#include "server/endpoint_memory.h"
#include "uv/loop.h"
#include "uv/timer.h"
#include "uv/watch.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

/// Another process of the program on disk that takes this one's place: it gets every listening
/// socket and says when it serves.  Until then this process goes on as if nothing had happened.
class Successor {
public:
    struct Settings {
        std::string program;
        std::string config_path;
        std::uint64_t hash_seed = 0;                 ///< so that keys stay where they are
        std::vector<EndpointMemory> endpoints;       ///< what is known of them
        bool resting = false;                        ///< out of the rotation, by an operator
        Delegate<void(int pid)> on_ready;            ///< called once, or
        Delegate<void(const char *why)> on_failure;  ///< this; either may destroy the Successor
    };

    /// Starts it.  Throws std::system_error.
    Successor(uv::Loop &loop, Settings settings);
    /// One that is not ready ends.
    ~Successor() = default;

    Successor(const Successor &) = delete;
    Successor &operator=(const Successor &) = delete;

    /// How long it may take to be ready.
    static constexpr Duration patience = std::chrono::seconds{60};

private:
    DescriptorChannel start();
    void execute(const DescriptorChannel &theirs);
    bool give_sockets();
    bool give(std::string_view text, const std::vector<uv::FileDescriptor> &sockets);
    void tell();
    void on_event(std::uint32_t events);
    void on_readable();
    void on_late();

    Settings settings_;
    std::deque<std::string> untold_;  ///< messages without descriptors
    DescriptorChannel channel_;
    uv::Watch watch_;
    uv::Timer timer_;
    const char *late_ = "it was not ready within a minute";  ///< what the timer says
};

}  // namespace uvoy::server
