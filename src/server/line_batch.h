#pragma once

#include "server/log_ring.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace uvoy::server {

/// What was found in a ring, in pieces that are whole lines each: who else writes to the same file
/// does not get into the middle of one.
class LineBatch {
public:
    using Pieces = std::array<std::string_view, 3>;

    /// Valid until the next call, and until it is dropped from the ring.
    Pieces take(const LogRing::Pieces &found);

    /// Of all the pieces.
    std::size_t size() const { return size_; }

private:
    std::size_t size_ = 0;
    std::string joined_;  // the line that goes over the ring's end
};

}  // namespace uvoy::server
