#pragma once

#include "base/network.h"
#include "base/time.h"
#include "config/address.h"
#include "config/log_format.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// The configuration as plain values, complete and checked: what load.h returns needs no second
// look.  The initializers are the defaults; parser and schema take them from here.  Vectors keep
// the order of the file, and one object refers to another by its index in the vector of Config.

namespace uvoy::config {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

/// A part of a whole in hundredths of a percent: "50%" is 5000.
struct Share {
    std::uint32_t basis_points = 0;

    friend bool operator==(const Share &, const Share &) = default;
};

/// A multiple in hundredths: 1.5 is 150.
struct Factor {
    std::uint32_t hundredths = 0;

    friend bool operator==(const Factor &, const Factor &) = default;
};

/// One ingredient of a hash key or of a rate limit's key.
struct KeyPart {
    enum class Source : std::uint8_t { path, host, client_ip, header, query, cookie, route };

    Source source = Source::path;
    std::string
        name;  ///< of the header (lower case), the query parameter or the cookie; else empty
    /// Cookies of a hash key only: one that is absent is set, for so long; zero = for the session.
    std::optional<Duration> ttl{};

    friend bool operator==(const KeyPart &, const KeyPart &) = default;
};

/// How long a client may take.
struct ListenerTimeouts {
    Duration headers = 10s;    ///< from a request's first byte to the end of its head
    Duration body = 60s;       ///< between two reads of a body
    Duration keepalive = 75s;  ///< without a request
    Duration write = 60s;      ///< without progress of a write

    friend bool operator==(const ListenerTimeouts &, const ListenerTimeouts &) = default;
};

/// How much a client may send.
struct ListenerLimits {
    std::uint64_t header_bytes = std::uint64_t{32} * 1024;
    std::uint32_t headers = 128;
    std::uint64_t target_bytes = std::uint64_t{16} * 1024;
    std::uint32_t connections = 0;              ///< 0 = unlimited
    std::uint32_t connections_per_client = 0;   ///< 0 = unlimited
    std::uint32_t requests_per_connection = 0;  ///< 0 = unlimited

    friend bool operator==(const ListenerLimits &, const ListenerLimits &) = default;
};

/// How paths are brought into one form before they are matched and forwarded: http::PathRules.
struct Normalize {
    enum class DotSegments : std::uint8_t { resolve, refuse, keep };
    enum class EncodedSlashes : std::uint8_t { keep, decode, refuse };
    enum class Unreserved : std::uint8_t { decode, keep };
    enum class EncodedControls : std::uint8_t { refuse, keep };

    DotSegments dot_segments = DotSegments::resolve;
    EncodedSlashes encoded_slashes = EncodedSlashes::keep;
    Unreserved unreserved = Unreserved::decode;
    EncodedControls encoded_controls = EncodedControls::refuse;
    bool merge_slashes = false;

    friend bool operator==(const Normalize &, const Normalize &) = default;
};

/// A peer whose word about the client is believed: a network, or whoever comes by a unix socket.
struct TrustedProxy {
    std::optional<Network> network;  ///< none: unix

    friend bool operator==(const TrustedProxy &, const TrustedProxy &) = default;
};

/// Where clients connect.
struct Listener {
    std::string name;
    std::vector<Address> addresses;     ///< at least one; hosts are IP literals or "localhost"
    std::optional<std::uint32_t> mode;  ///< of the socket files; none: what the umask leaves
    std::vector<TrustedProxy> trusted_proxies;
    Normalize normalize;
    ListenerTimeouts timeouts;
    ListenerLimits limits;
    std::vector<std::size_t> rate_limits;  ///< indices into Config::rate_limits

    friend bool operator==(const Listener &, const Listener &) = default;
};

/// Which hosts a route takes.  `text` is in lower case.
struct HostMatch {
    enum class Kind : std::uint8_t { any, exact, suffix };

    Kind kind = Kind::any;
    std::string text;  ///< suffix: with its leading dot, ".example.com" for "*.example.com"

    friend bool operator==(const HostMatch &, const HostMatch &) = default;
};

/// Which paths a route takes.
struct PathMatch {
    enum class Kind : std::uint8_t { any, exact, prefix };

    Kind kind = Kind::any;
    std::string text;  ///< begins with "/"

    friend bool operator==(const PathMatch &, const PathMatch &) = default;
};

/// What a request must look like for a route to take it; missing = any.
struct Match {
    std::optional<std::size_t> listener;  ///< index into Config::listeners
    HostMatch host;
    PathMatch path;

    friend bool operator==(const Match &, const Match &) = default;
};

/// Action: forward to a cluster.
struct Forward {
    std::size_t cluster = 0;  ///< index into Config::clusters

    friend bool operator==(const Forward &, const Forward &) = default;
};

/// Action: answer without an endpoint.
struct Respond {
    std::uint16_t status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< in the order of the file

    friend bool operator==(const Respond &, const Respond &) = default;
};

/// What a try may end with for another one to be worth it.
struct RetryOn {
    enum class Kind : std::uint8_t {
        connect_failure,        ///< no connection, for whatever reason
        refused,                ///< connection refused
        reset_before_response,  ///< connection lost before a whole response head
        server_error,           ///< status 500 to 599: "5xx"
        gateway_error,          ///< status 502, 503 or 504
        timeout,                ///< no answer within per_try_timeout
        status,                 ///< the one in `status`
    };

    Kind kind = Kind::connect_failure;
    std::uint16_t status = 0;

    friend bool operator==(const RetryOn &, const RetryOn &) = default;
};

/// How long to wait before a retry: anything from nothing to `first`, doubled each time, up to
/// `longest` (full jitter).
struct Backoff {
    Duration first = 25ms;
    Duration longest = 250ms;

    friend bool operator==(const Backoff &, const Backoff &) = default;
};

/// When a failed request is tried again at another endpoint.
struct Retry {
    std::uint32_t attempts = 1;  ///< beyond the first try; 0 = never
    std::vector<RetryOn> on{{.kind = RetryOn::Kind::connect_failure},
                            {.kind = RetryOn::Kind::refused},
                            {.kind = RetryOn::Kind::reset_before_response}};
    Duration per_try_timeout = 0s;                    ///< 0 = only the route's timeout
    std::uint64_t buffer = std::uint64_t{64} * 1024;  ///< bytes of a body kept for a retry
    Backoff backoff;

    friend bool operator==(const Retry &, const Retry &) = default;
};

/// One entry of the route table; the first whose match fits wins.
struct Route {
    std::string name;  ///< unique; "route-N" (N counts from 0) if the file gives none
    Match match;
    std::variant<Forward, Respond> action;
    Duration timeout = 30s;                 ///< of the whole exchange; 0 = none
    Duration idle_timeout = 60s;            ///< without a byte in either direction; 0 = none
    std::optional<std::uint64_t> max_body;  ///< bytes of a request body
    std::vector<std::string> upgrades{"websocket"};  ///< protocols that may take over, lower case
    std::vector<std::size_t> rate_limits;            ///< indices into Config::rate_limits
    Retry retry;
    std::optional<std::vector<KeyPart>> hash_key;  ///< replaces the cluster's
    bool access_log = true;

    friend bool operator==(const Route &, const Route &) = default;
};

/// One server of a cluster.
struct Endpoint {
    std::string name;  ///< its identity on the ring, unique in its cluster; default: the address
    Address address;
    std::uint32_t weight = 1;
    std::uint16_t priority = 0;  ///< 0 is asked first

    friend bool operator==(const Endpoint &, const Endpoint &) = default;
};

enum class Policy : std::uint8_t {
    ring_hash,
    maglev,
    least_request,
    peak_ewma,
    round_robin,
    random,
};

/// How a cluster picks the endpoint of a request.
struct LoadBalancing {
    Policy policy = Policy::ring_hash;
    std::vector<KeyPart> hash_key{KeyPart{}};
    /// Multiple of an endpoint's fair share of the requests in flight, above which its keys go to
    /// their next choice; none = no bound.
    std::optional<Factor> bounded_load;
    Duration slow_start = 10s;    ///< until an endpoint that returns has its share; 0 = at once
    Share panic_threshold{5000};  ///< of the weight: with more of it out, all are used

    friend bool operator==(const LoadBalancing &, const LoadBalancing &) = default;
};

/// Status codes first..last, both included.
struct StatusRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    friend bool operator==(const StatusRange &, const StatusRange &) = default;
};

/// How the control loop finds out whether an endpoint lives.
struct HealthCheck {
    enum class Type : std::uint8_t { http, tcp, none };

    Type type = Type::tcp;  ///< http if the file gives a path and no type
    std::string path;       ///< http only; "/" if the file gives none
    std::string host;       ///< http only: the Host header; empty = the endpoint's address
    Duration interval = 1s;
    Duration timeout = 500ms;
    std::uint32_t healthy_after = 2;
    std::uint32_t unhealthy_after = 2;
    std::vector<StatusRange> status{StatusRange{200, 399}};

    friend bool operator==(const HealthCheck &, const HealthCheck &) = default;
};

/// When what traffic sees takes an endpoint out, and for how long.
struct OutlierDetection {
    std::uint32_t consecutive_failures = 5;  ///< 0 = never
    Share failure_ratio{5000};               ///< 0 = never
    std::uint32_t latency_ratio = 3;         ///< times the cluster's median; 0 = never
    Duration eject = 5s;                     ///< the first time; then it doubles
    Duration max_eject = 300s;               ///< not below `eject`
    Share max_ejected{5000};                 ///< of the endpoints, by traffic

    friend bool operator==(const OutlierDetection &, const OutlierDetection &) = default;
};

/// How much of a cluster may be in use.
struct ClusterLimits {
    std::uint32_t connections = 1024;  ///< of one endpoint
    std::uint32_t requests = 1024;     ///< in flight at one endpoint
    std::uint32_t pending = 1024;      ///< requests of the cluster that wait for a connection
    Duration pending_timeout = 1s;

    friend bool operator==(const ClusterLimits &, const ClusterLimits &) = default;
};

/// How long an upstream connection may take.
struct ClusterTimeouts {
    Duration connect = 2s;
    Duration idle = 30s;  ///< of a connection in the pool

    friend bool operator==(const ClusterTimeouts &, const ClusterTimeouts &) = default;
};

/// Endpoints that DNS tells: all addresses of a name, or all servers of a service (RFC 2782).
struct Discovery {
    enum class Record : std::uint8_t { address, service };

    Address dns;  ///< the name and the endpoints' port; 0 for a service: its records have it
    Record record = Record::address;
    std::optional<Duration> refresh;  ///< none: the records' time to live says when to ask again
    std::optional<Address> server;    ///< an IP address; none: those of /etc/resolv.conf
    std::uint32_t max_endpoints = 64;

    friend bool operator==(const Discovery &, const Discovery &) = default;
};

/// How many of a cluster's requests in flight may be retries.
struct RetryBudget {
    Share ratio{2000};
    std::uint32_t min = 3;  ///< so many are allowed in any case

    friend bool operator==(const RetryBudget &, const RetryBudget &) = default;
};

/// Endpoints that serve the same thing.
struct Cluster {
    std::string name;
    std::vector<Endpoint> endpoints;  ///< at least one, but none with `discovery`
    std::optional<Discovery> discovery;
    LoadBalancing load_balancing;
    HealthCheck health_check;
    std::optional<OutlierDetection> outlier_detection{std::in_place};
    ClusterLimits limits;
    RetryBudget retry_budget;
    ClusterTimeouts timeouts;

    friend bool operator==(const Cluster &, const Cluster &) = default;
};

/// So many requests in so much time.
struct Rate {
    std::uint32_t requests = 1;
    Duration per = 1s;

    friend bool operator==(const Rate &, const Rate &) = default;
};

/// A bucket of tokens for every value of the key.
struct RateLimit {
    std::string name;
    Rate rate;
    std::uint32_t burst = 1;   ///< default: the rate per second, at least 1
    std::vector<KeyPart> key;  ///< empty = one bucket for all
    std::uint16_t status = 429;
    std::uint32_t table = 1'048'576;  ///< keys remembered at once
    bool dry_run = false;             ///< counts what it would reject, and rejects nothing

    friend bool operator==(const RateLimit &, const RateLimit &) = default;
};

/// Where the admin API listens.
struct Admin {
    Address address{.host = "127.0.0.1", .port = 9901, .path = {}};
    std::uint32_t mode = 0600;  ///< of the socket file, if the address is one

    friend bool operator==(const Admin &, const Admin &) = default;
};

enum class LogOnly : std::uint8_t { all, errors };

/// One access log.
struct AccessLog {
    std::string path = "stdout";  ///< absolute, or the word "stdout"
    LogFormat format;
    Share sample{10'000};  ///< of what is no error
    LogOnly only = LogOnly::all;

    friend bool operator==(const AccessLog &, const AccessLog &) = default;
};

struct Shutdown {
    Duration drain_timeout = 30s;  ///< how long exchanges in flight may take after SIGTERM

    friend bool operator==(const Shutdown &, const Shutdown &) = default;
};

/// Limits of the whole process.
struct Limits {
    std::uint32_t connections = 0;        ///< 0 = what RLIMIT_NOFILE allows
    std::optional<std::uint64_t> memory;  ///< resident bytes above which new work is refused

    friend bool operator==(const Limits &, const Limits &) = default;
};

/// A whole file.
struct Config {
    std::uint32_t workers = 0;  ///< 0 = as many as this process may use CPUs
    std::vector<Listener> listeners;
    std::vector<Cluster> clusters;
    std::vector<Route> routes;  ///< with no routes in the file: one, "default", to the only cluster
    std::vector<RateLimit> rate_limits;
    std::optional<Admin> admin{std::in_place};
    std::vector<AccessLog> access_log;
    Shutdown shutdown;
    Limits limits;
    std::string hash_seed;  ///< empty = random at start

    friend bool operator==(const Config &, const Config &) = default;
};

}  // namespace uvoy::config
