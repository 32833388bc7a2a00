#include "server/successor.h"

#include "server/inherited_sockets.h"
#include "server/predecessor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

/// This process's own, without what systemd says to it alone.
std::vector<std::string> environment_with(int channel) {
    std::vector<std::string> variables;
    for (char **each = environ; *each != nullptr; ++each) {
        const std::string_view text{*each};
        if (!text.starts_with("LISTEN_") && !text.starts_with("WATCHDOG_PID=") &&
            !text.starts_with(Predecessor::variable))
            variables.emplace_back(text);
    }
    variables.push_back(fmt::format("{}{}", Predecessor::variable, channel));
    return variables;
}

/// All that there is to say, behind the sockets.
std::deque<std::string> messages(const Successor::Settings &settings) {
    constexpr std::size_t most_texts = 1024;  // endpoints in tens of thousands
    const std::string_view prefix = Predecessor::endpoints_prefix;
    std::deque<std::string> list;
    for (const std::string &text :
         to_texts(settings.endpoints, most_texts, DescriptorChannel::most_text - prefix.size()))
        list.push_back(fmt::format("{}{}", prefix, text));
    if (settings.resting) list.emplace_back(Predecessor::resting_text);
    list.push_back(fmt::format("end {}", settings.hash_seed));
    return list;
}

std::vector<char *> pointers(std::vector<std::string> &texts) {
    std::vector<char *> list;
    list.reserve(texts.size() + 1);
    for (std::string &text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

}  // namespace

Successor::Successor(uv::Loop &loop, Settings settings)
    : settings_{std::move(settings)},
      untold_{messages(settings_)},
      channel_{start()},
      watch_{loop, channel_.fd(), uv::Watch::OnReady::bind<&Successor::on_event>(*this)},
      timer_{loop, Delegate<void()>::bind<&Successor::on_late>(*this)} {
    timer_.arm(patience);
    // A failure shows as the end of the channel.
    if (!give_sockets()) untold_.clear();
    tell();
}

/// Returns our end of the channel.
DescriptorChannel Successor::start() {
    auto [ours, theirs] = DescriptorChannel::make();
    execute(theirs);
    return std::move(ours);
}

/// The process is nobody's child: systemd kills a main process that is a child of the former one
/// when it stops the service (seen with version 252).
void Successor::execute(const DescriptorChannel &theirs) {
    std::vector<std::string> arguments{settings_.program, "run", settings_.config_path};
    std::vector<std::string> variables = environment_with(theirs.fd());
    const std::vector<char *> argv = pointers(arguments);
    const std::vector<char *> envp = pointers(variables);
    const pid_t child = fork();
    if (child < 0) throw std::system_error{errno, std::generic_category(), "cannot fork"};
    if (child == 0) {
        // Other threads had locks that nobody will open here: system calls only.
        if (fork() != 0) _exit(0);
        fcntl(theirs.fd(), F_SETFD, 0);
        execve(argv[0], argv.data(), envp.data());
        _exit(127);
    }
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool Successor::give_sockets() {
    for (const std::string &name : inherited_names())
        if (!give(fmt::format("{}{}", Predecessor::named_prefix, name), inherited_with_name(name)))
            return false;
    return give("sockets", own_listening_sockets());
}

bool Successor::give(std::string_view text, const std::vector<uv::FileDescriptor> &sockets) {
    std::span<const uv::FileDescriptor> left{sockets};
    while (!left.empty()) {
        const auto some = left.first(std::min(left.size(), DescriptorChannel::most_descriptors));
        if (!channel_.send(text, some)) return false;
        left = left.subspan(some.size());
    }
    return true;
}

/// As much as the channel has room for; the rest when the other process has read some of it.
void Successor::tell() {
    while (!untold_.empty() && channel_.send(untold_.front())) untold_.pop_front();
    const std::uint32_t room = untold_.empty() ? 0 : uv::Watch::writable;
    if (watch_.want(uv::Watch::readable | room)) return;
    late_ = "the kernel watches no more descriptors (fs.epoll.max_user_watches)";
    timer_.arm({});
}

void Successor::on_event(std::uint32_t events) {
    if ((events & (uv::Watch::readable | uv::Watch::broken)) != 0) on_readable();
    else tell();
}

void Successor::on_readable() {
    const auto message = channel_.receive(Duration::zero());
    if (!message) {
        settings_.on_failure("it ended before it was ready; its log says why");
        return;
    }
    constexpr std::string_view ready = "ready ";
    int pid = 0;
    if (message->text.starts_with(ready))
        std::from_chars(message->text.data() + ready.size(),
                        message->text.data() + message->text.size(), pid);
    if (pid > 0) settings_.on_ready(pid);
    else settings_.on_failure("it speaks another language");
}

void Successor::on_late() { settings_.on_failure(late_); }

}  // namespace uvoy::server
