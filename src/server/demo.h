#pragma once

#include "server/child_process.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstdint>
#include <memory>
#include <string>

namespace uvoy::server {

/// `uvoy demo`: a proxy, and three endpoints that are processes of their own, so that one can end
/// them and watch.  Returns the exit code.  Throws StartError.
int run_demo();

/// An endpoint of the demo.  When its process ends, a new one takes its place after some seconds.
class DemoChild {
public:
    static constexpr Duration comes_back_after = std::chrono::seconds{5};

    /// Throws StartError, which names the port.
    DemoChild(uv::Loop &loop, std::uint16_t port);

    std::string address() const;
    int pid() const { return process_->pid(); }

private:
    void start();
    void on_exit();
    void on_timer();

    uv::Loop &loop_;
    std::uint16_t port_;
    uv::Timer timer_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace uvoy::server
