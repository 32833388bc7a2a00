#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace uvoy::fuzz {

/// What happens in a session: "@" and a letter begin a command, all up to the next "@" is its
/// argument, "@@" stands for itself.
///
///     @1 @2 @3   that client connects, if it has not, and sends the argument
///     @e         an endpoint will answer the next request that is whole with the argument
///     @n @o      the newest (the one before it) upstream connection sends the argument at once
///     @f @r @s   half-closes, resets, stalls for 30 s: client 1 to 3, or upstream connection n or
///     o
///     @k         the same ones send 40,000 bytes
///     @w         time passes: 1 ms, 10 ms, ... 1,000 s for 0 to 6
///     @c         the next dial is refused (r) or hangs (h)
///     @d         drain
///
/// The first byte chooses the network's timing and the second the configuration; what stands before
/// the first command is a comment.
class Script {
public:
    struct Command {
        char letter;
        std::string argument;

        char what() const { return argument.empty() ? '\0' : argument.front(); }
    };

    explicit Script(std::string_view text);

    unsigned char timing() const { return timing_; }
    unsigned char configuration() const { return configuration_; }

    std::optional<Command> next();

private:
    std::string_view rest_;
    unsigned char timing_ = 0;
    unsigned char configuration_ = 0;
};

}  // namespace uvoy::fuzz
