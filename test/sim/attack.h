#pragma once

#include <span>
#include <string>
#include <string_view>

namespace uvoy::sim {

/// A malformed request and the one status that is right for it.
struct Attack {
    std::string_view name;
    std::string bytes;
    int status;
    /// The head is good, and may have gone to an endpoint: what is wrong comes behind it.
    bool in_body = false;
};

/// What endpoints look for.  A head that has the first may never reach them; a message that has
/// the second may never be whole.  The third follows every attack on the same connection.
inline constexpr std::string_view refused_mark = "refused";
inline constexpr std::string_view broken_mark = "broken";
inline constexpr std::string_view smuggled_mark = "smuggled";

std::span<const Attack> attacks();

}  // namespace uvoy::sim
