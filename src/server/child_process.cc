#include "server/child_process.h"

#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace uvoy::server {

ChildProcess::ChildProcess(uv::Loop &loop, const std::vector<std::string> &arguments,
                           const uv::FileDescriptor &inherited, Delegate<void()> on_exit)
    : handle_{new uv_process_t}, on_exit_{on_exit} {
    std::string name = "uvoy";
    std::vector<std::string> owned{arguments};
    std::vector<char *> argv{name.data()};
    for (std::string &argument : owned) argv.push_back(argument.data());
    argv.push_back(nullptr);

    std::array<uv_stdio_container_t, 4> stdio{};
    stdio[0].flags = UV_IGNORE;
    for (int fd = 1; fd <= inherited_fd; ++fd) {
        uv_stdio_container_t &entry = stdio[static_cast<std::size_t>(fd)];
        entry.flags = UV_INHERIT_FD;
        entry.data.fd = fd == inherited_fd ? inherited.get() : fd;
    }
    uv_process_options_t options{};
    options.file = "/proc/self/exe";
    options.args = argv.data();
    options.stdio = stdio.data();
    options.stdio_count = static_cast<int>(stdio.size());
    options.exit_cb = [](uv_process_t *process, std::int64_t, int) {
        auto *const self = static_cast<ChildProcess *>(process->data);
        if (self == nullptr) return;
        self->running_ = false;
        self->on_exit_();
    };
    const int status = uv_spawn(&loop.raw(), handle_.get(), &options);
    handle_->data = this;
    if (status != 0) throw std::system_error{-status, std::generic_category(), "cannot start"};
}

ChildProcess::~ChildProcess() {
    if (!running_) return;
    const int process = pid();
    handle_.reset();  // libuv must not wait for it too
    kill(process, SIGTERM);
    while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace uvoy::server
