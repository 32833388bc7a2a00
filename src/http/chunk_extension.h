#pragma once

#include <cstdint>

namespace uvoy::http {

/// Checks chunk extensions byte by byte, from behind the first ";" to before the CR (RFC 9112
/// section 7.1.1).  Nothing here uses them, but hops that disagree on where one ends disagree on
/// where the chunk begins: a quoted string must be closed, and bad whitespace stands only behind
/// ";" and around "=".
class ChunkExtension {
public:
    /// False if the byte must not stand there.
    bool take(char byte);
    /// Whether the line may end here.
    bool may_end() const { return at_ == At::name || at_ == At::value || at_ == At::quoted_end; }

private:
    enum class At : std::uint8_t {
        name_start,
        name,
        name_end,  ///< blanks behind a name
        value_start,
        value,
        value_end,  ///< blanks behind a value
        quoted,
        escape,
        quoted_end,
    };

    bool take_after_value(char byte);
    bool go(At next) {
        at_ = next;
        return true;
    }

    At at_ = At::name_start;
};

}  // namespace uvoy::http
