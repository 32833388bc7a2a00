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

}  // namespace

bool Exchange::within_limits(const route::KeyInput &request, TimePoint now) {
    const config::Config &config = proxy_.runtime().config();
    std::array<char, 46> buffer;
    route::KeyInput key = request;
    key.client_ip = route::client_network(request.client_ip, buffer);
    const auto admits = [&](std::size_t limit) {
        const std::uint64_t hash = route::hash_key(config.rate_limits[limit].key, key,
                                                   proxy_.runtime().hash_seed() + limit + 1);
        const limit::Verdict verdict = proxy_.ports().limits[limit].admit(hash, now);
        auto &stats = proxy_.stats().limit(limit);
        (verdict.admitted ? stats.admitted : stats.rejected).add();
        if (verdict.admitted) return true;
        answer_rate_limited(config.rate_limits[limit], verdict, now);
        return false;
    };
    return std::ranges::all_of(config.listeners[session_->listener()].rate_limits, admits) &&
           std::ranges::all_of(route_->rate_limits, admits);
}

void Exchange::answer_rate_limited(const config::RateLimit &limit, const limit::Verdict &verdict,
                                   TimePoint now) {
    failure_ = make_failure(Reason::rate_limited, Phase::routing);
    failure_.status = limit.status;
    // Seconds that an empty bucket takes to fill; in double, since a day times a burst overflows.
    const double period = std::chrono::duration<double>{limit.rate.per}.count();
    const auto window = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(period * limit.burst / limit.rate.requests)));
    const std::string fields = fmt::format(
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Retry-After: {0}\r\n"
        "RateLimit-Policy: \"{1}\";q={2};w={3}\r\n"
        "RateLimit: \"{1}\";r={4};t={0}\r\n"
        "Proxy-Status: uvoy; error={5}; details=\"rate_limited\"\r\n",
        std::max<std::int64_t>(1, ceil<seconds>(verdict.retry_after).count()), limit.name,
        limit.burst, window, verdict.remaining, proxy_status_error(Reason::rate_limited));
    const std::string body =
        fmt::format("{} {}: rate_limited\n", limit.status, reason_phrase(limit.status));
    send_answer(limit.status, fields, body, now);
}

}  // namespace uvoy::proxy
