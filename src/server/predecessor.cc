#include "server/predecessor.h"

#include "server/inherited_sockets.h"
#include "server/seeds.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <string>

namespace uvoy::server {

std::optional<Predecessor> Predecessor::from_environment() {
    const std::string name{variable.substr(0, variable.size() - 1)};
    // There is one thread yet.
    const char *const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    const int number = std::atoi(value);
    unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    fcntl(number, F_SETFD, FD_CLOEXEC);
    Predecessor predecessor{DescriptorChannel{uv::FileDescriptor{number}}};
    predecessor.receive();
    return predecessor;
}

void Predecessor::receive() {
    constexpr Duration patience = std::chrono::seconds{10};
    constexpr std::string_view end = "end ";
    while (auto message = channel_.receive(patience)) {
        std::string name;
        if (message->text.starts_with(named_prefix))
            name = message->text.substr(named_prefix.size());
        for (uv::FileDescriptor &socket : message->descriptors) inherit(std::move(socket), name);
        if (message->text == resting_text) resting_ = true;
        if (message->text.starts_with(endpoints_prefix))
            std::ranges::move(
                read_memories(std::string_view{message->text}.substr(endpoints_prefix.size())),
                std::back_inserter(endpoints_));
        if (!message->text.starts_with(end)) continue;
        std::uint64_t seed = 0;
        std::from_chars(message->text.data() + end.size(),
                        message->text.data() + message->text.size(), seed);
        keep_random_hash_seed(seed);
        return;
    }
    throw std::runtime_error{"the process whose place this one should take is gone"};
}

bool Predecessor::tell_ready() const { return channel_.send(fmt::format("ready {}", getpid())); }

}  // namespace uvoy::server
