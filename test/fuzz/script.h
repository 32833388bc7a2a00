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
/// The first byte chooses the network's timing, and an odd one that events are not always settled
/// at once.  The second, from "0" on, adds up the options; what stands before the first command is
/// a comment.
class Script {
public:
    enum Option : unsigned {
        few_requests = 1,     ///< two on a connection, and two connections
        few_connections = 2,  ///< one to each endpoint, and one request that waits
        untimed = 4,          ///< the whole exchange may take as long as it wants
        retrying = 8,
        trusting = 16,  ///< the clients are proxies
        keeping_paths = 32,
        small_bodies = 64,
    };

    struct Command {
        char letter;
        std::string argument;

        char what() const { return argument.empty() ? '\0' : argument.front(); }
    };

    explicit Script(std::string_view text);

    unsigned char timing() const { return timing_; }
    bool settles_late() const { return timing_ % 2 != 0; }
    /// Options, added up.
    unsigned options() const { return options_; }

    std::optional<Command> next();

private:
    std::string_view rest_;
    unsigned char timing_ = 0;
    unsigned options_ = 0;
};

}  // namespace uvoy::fuzz
