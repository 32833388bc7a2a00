#include "server/descriptor_limit.h"

#include "base/log.h"
#include "server/start_error.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace uvoy::server {

namespace {

constexpr std::size_t of_a_client = 2;
constexpr std::size_t of_a_worker = 8;   // two of epoll, eventfd, signals (2), timer, spare
constexpr std::size_t of_the_rest = 64;  // libraries, logs, admin clients
constexpr std::size_t few = 1000;
constexpr std::size_t too_few = 8;
/// Where RLIMIT_NOFILE is infinite, counters still are not.
constexpr std::size_t most = 10'000'000;

constexpr const char *how_to_raise = "raise it (LimitNOFILE= of the systemd unit, or ulimit -Hn)";

}  // namespace

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

std::size_t plan_connections(std::uint64_t descriptors, std::size_t configured,
                             const DescriptorUse &use) {
    const std::size_t reserved =
        of_the_rest + use.workers * of_a_worker + use.listening + use.endpoints;
    const std::size_t possible =
        descriptors <= reserved
            ? 0
            : std::min<std::size_t>((descriptors - reserved) / of_a_client, most);
    const std::size_t wanted = configured != 0 ? configured : possible;
    if (wanted > possible || wanted < std::min(too_few, configured != 0 ? wanted : too_few)) {
        throw StartError{
            "/limits/connections",
            fmt::format("{} connections need {} descriptors, but RLIMIT_NOFILE is {}; {}{}",
                        std::max(wanted, too_few),
                        reserved + std::max(wanted, too_few) * of_a_client, descriptors,
                        how_to_raise, configured != 0 ? ", or lower the limit" : "")};
    }
    if (configured == 0 && possible < few) {
        log::warning("/limits/connections: RLIMIT_NOFILE is {}, room for {} clients; {}",
                     descriptors, possible, how_to_raise);
    }
    return wanted;
}

}  // namespace uvoy::server
