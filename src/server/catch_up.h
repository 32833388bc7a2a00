#pragma once

#include "base/time.h"
#include "uv/loop.h"

#include <cstdint>
#include <vector>

namespace uvoy::server {

/// Lets the thread that tells what workers count wait until they have counted what they have
/// answered: an answer is on its way before the callback that sent it has done its sums.  So who
/// asks after an answer finds it in the metrics.
class CatchUp {
public:
    /// No callback takes so long.  What takes longer is waited for but once.
    static constexpr Duration patience = std::chrono::milliseconds{50};

    /// The loop outlives this.
    void add(const uv::Loop &loop) { loops_.push_back({.loop = &loop}); }

    /// Until each of the loops has ended the callback that it is in.
    void wait();

private:
    struct Watched {
        const uv::Loop *loop;
        std::uint64_t given_up = 0;  // Loop::callbacks()
    };

    std::vector<Watched> loops_;
};

}  // namespace uvoy::server
