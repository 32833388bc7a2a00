#include "limit/claims.h"

namespace uvoy::limit {

namespace {

bool refuses(const Claim &claim) { return !claim.verdict.admitted && !claim.dry_run; }

void take(Claim &claim, TimePoint now) { claim.verdict = claim.shard->admit(claim.key_hash, now); }

Duration wait(const Claim &claim) { return claim.shard->meter().retry_after(claim.verdict); }

const Claim *tightest(std::span<const Claim> claims) {
    const Claim *tightest = nullptr;
    for (const Claim &claim : claims)
        if (refuses(claim) && (tightest == nullptr || wait(claim) > wait(*tightest)))
            tightest = &claim;
    return tightest;
}

}  // namespace

const Claim *admit_all(std::span<Claim> claims, TimePoint now) {
    if (claims.size() > 1) {
        for (Claim &claim : claims) claim.verdict = claim.shard->check(claim.key_hash, now);
        if (const Claim *refusing = tightest(claims)) return refusing;
    }
    for (std::size_t i = 0; i < claims.size(); ++i) {
        take(claims[i], now);
        if (!refuses(claims[i])) continue;
        // Another worker was faster.
        for (const Claim &taken : claims.first(i))
            if (taken.verdict.admitted) taken.shard->refund(taken.key_hash, now);
        return &claims[i];
    }
    return nullptr;
}

}  // namespace uvoy::limit
