#pragma once

#include "base/delegate.h"
#include "uv/fd.h"
#include "uv/handle.h"
#include "uv/loop.h"

#include <string>
#include <vector>

namespace uvoy::server {

/// Another process of this program.
class ChildProcess {
public:
    /// What it inherits, as its descriptor 3.
    static constexpr int inherited_fd = 3;

    /// Runs this program with `arguments`.  Standard output and error are shared.  `on_exit` is
    /// called on the loop's thread when it has ended; it may destroy this.  Throws
    /// std::system_error.
    ChildProcess(uv::Loop &loop, const std::vector<std::string> &arguments,
                 const uv::FileDescriptor &inherited, Delegate<void()> on_exit);
    /// Ends the process and waits for that.
    ~ChildProcess();

    ChildProcess(const ChildProcess &) = delete;
    ChildProcess &operator=(const ChildProcess &) = delete;

    int pid() const { return handle_->pid; }

private:
    uv::Handle<uv_process_t> handle_;
    Delegate<void()> on_exit_;
    bool running_ = true;
};

}  // namespace uvoy::server
