#pragma once

#include "limit/shard.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace uvoy::limit {

/// One of the limits on a request: the bucket of its key there.
struct Claim {
    Shard *shard = nullptr;
    std::size_t limit = 0;  ///< the caller's number of it
    std::uint64_t key_hash = 0;
    bool dry_run = false;  ///< takes tokens and tells when there is none, but refuses nothing
    Verdict verdict{};     ///< set by admit_all()
};

/// Takes a token for each claim or for none.  The result is the claim that refuses the request, if
/// there is one, and of several the one with the longest wait; else all verdicts are set, and those
/// in dry run that are not `admitted` would have refused it.  Each shard is there once.
const Claim *admit_all(std::span<Claim> claims, TimePoint now);

}  // namespace uvoy::limit
