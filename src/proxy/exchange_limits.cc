#include "proxy/exchange.h"
#include "proxy/proxy.h"
#include "route/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

// Rate limits of the listener and of the route, and the answer to a request above one.
namespace uvoy::proxy {

namespace {

using std::chrono::ceil;
using std::chrono::seconds;

/// Seconds that an empty bucket takes to fill, at least 1.
std::int64_t window_of(const config::RateLimit &limit) {
    // In double, since a day times a burst overflows.
    const double period = std::chrono::duration<double>{limit.rate.per}.count();
    const double window = std::ceil(period * limit.burst / limit.rate.requests);
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(window));
}

}  // namespace

bool Exchange::within_limits(const route::KeyInput &request, TimePoint now) {
    claim_tokens(request);
    if (proxy_.claims.empty()) return true;
    if (const limit::Claim *refusing = limit::admit_all(proxy_.claims, now)) {
        proxy_.stats().limit(refusing->limit).rejected.add();
        answer_rate_limited(*refusing, now);
        return false;
    }
    for (const limit::Claim &claim : proxy_.claims) {
        auto &stats = proxy_.stats().limit(claim.limit);
        (claim.verdict.admitted ? stats.admitted : stats.dry_run).add();
    }
    return true;
}

void Exchange::claim_tokens(const route::KeyInput &request) {
    const config::Config &config = proxy_.runtime().config();
    std::vector<limit::Claim> &claims = proxy_.claims;
    claims.clear();
    std::array<char, 46> buffer;
    route::KeyInput key = request;
    key.client_ip = route::client_network(request.client_ip, buffer);
    const auto claim = [&](std::size_t index) {
        // A limit that the listener and the route name counts a request once.
        if (std::ranges::find(claims, index, &limit::Claim::limit) != claims.end()) return;
        const config::RateLimit &limit = config.rate_limits[index];
        claims.push_back(
            {.shard = &proxy_.ports().limits[index],
             .limit = index,
             .key_hash = route::hash_key(limit.key, key, proxy_.runtime().hash_seed() + 1),
             .dry_run = limit.dry_run});
    };
    std::ranges::for_each(config.listeners[session_->listener()].rate_limits, claim);
    std::ranges::for_each(route_->rate_limits, claim);
}

/// draft-ietf-httpapi-ratelimit-headers-11: q and w as the bucket, r and t as it is now.
void Exchange::answer_rate_limited(const limit::Claim &refusing, TimePoint now) {
    const config::RateLimit &limit = proxy_.runtime().config().rate_limits[refusing.limit];
    failure_ = make_failure(Reason::rate_limited, Phase::routing);
    failure_.status = limit.status;
    const Duration wait = refusing.shard->meter().retry_after(refusing.verdict);
    const std::string fields = fmt::format(
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Retry-After: {0}\r\n"
        "RateLimit-Policy: \"{1}\";q={2};w={3}\r\n"
        "RateLimit: \"{1}\";r={4};t={0}\r\n"
        "Proxy-Status: uvoy; error={5}; details=\"rate_limited\"\r\n",
        std::max<std::int64_t>(1, ceil<seconds>(wait).count()), limit.name, limit.burst,
        window_of(limit), refusing.verdict.remaining, proxy_status_error(Reason::rate_limited));
    const std::string body =
        fmt::format("{} {}: rate_limited\n", limit.status, reason_phrase(limit.status));
    send_answer(limit.status, fields, body, now);
}

}  // namespace uvoy::proxy
