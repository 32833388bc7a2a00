#pragma once

#include "base/reason.h"
#include "stats/counter.h"
#include "stats/gauge.h"
#include "stats/histogram.h"

#include <array>
#include <cstddef>
#include <cstdint>

/// What is counted, once: every struct is used with live types (one worker's) and with plain ones
/// (a sum over workers).  `each` calls `f` with one field of all `fields` after the other.
namespace uvoy::stats {

/// The hundreds digit of a status; 0 for an exchange that had none.
inline constexpr std::size_t code_classes = 6;
constexpr std::size_t code_class(unsigned status) {
    return status >= 100 && status < 600 ? status / 100 : 0;
}

enum class ConnectResult : std::uint8_t { ok, refused, timeout, failed };
enum class RetryResult : std::uint8_t {
    success,
    failure,    ///< the last try failed in a way that is not tried again
    exhausted,  ///< so did as many as the route allows
    budget,     ///< too many others were being tried again
};
enum class Overflow : std::uint8_t { connections, requests, pending };

/// An array indexed by an enumeration.
template <typename Index, typename Value, std::size_t size>
struct PerEnum {
    std::array<Value, size> values{};

    Value &operator[](Index index) { return values[static_cast<std::size_t>(index)]; }
    const Value &operator[](Index index) const { return values[static_cast<std::size_t>(index)]; }
};

template <typename Value>
using PerReason = PerEnum<Reason, Value, reason_count>;

struct Live {
    using Counter = stats::Counter;
    using Gauge = stats::Gauge;
    using Histogram = stats::Histogram;
};

struct Summed {
    using Counter = std::uint64_t;
    using Gauge = std::int64_t;
    using Histogram = HistogramValue;
};

template <typename Kind>
struct alignas(64) ListenerFields {
    typename Kind::Counter connections_total{};
    typename Kind::Counter connections_rejected{};
    typename Kind::Gauge connections_active{};
    typename Kind::Gauge requests_active{};

    template <typename F, typename... Fields>
    static void each(F f, Fields &...fields) {
        f(fields.connections_total...);
        f(fields.connections_rejected...);
        f(fields.connections_active...);
        f(fields.requests_active...);
    }
};

template <typename Kind>
struct alignas(64) ClusterFields {
    typename Kind::Histogram duration{};    ///< first request byte to last response byte
    typename Kind::Histogram first_byte{};  ///< request written to first response byte
    typename Kind::Histogram connect_duration{};
    PerEnum<ConnectResult, typename Kind::Counter, 4> connects{};
    PerEnum<RetryResult, typename Kind::Counter, 4> retries{};
    PerEnum<Overflow, typename Kind::Counter, 3> overflows{};
    typename Kind::Counter reuses{};
    typename Kind::Gauge pending{};
    typename Kind::Gauge connections_active{};
    typename Kind::Gauge connections_idle{};

    template <typename F, typename... Fields>
    static void each(F f, Fields &...fields) {
        f(fields.duration...);
        f(fields.first_byte...);
        f(fields.connect_duration...);
        for (std::size_t i = 0; i < 4; ++i) f(fields.connects.values[i]...);
        for (std::size_t i = 0; i < 4; ++i) f(fields.retries.values[i]...);
        for (std::size_t i = 0; i < 3; ++i) f(fields.overflows.values[i]...);
        f(fields.reuses...);
        f(fields.pending...);
        f(fields.connections_active...);
        f(fields.connections_idle...);
    }
};

template <typename Kind>
struct alignas(64) EndpointFields {
    std::array<typename Kind::Counter, code_classes> requests{};  ///< by code_class()
    PerReason<typename Kind::Counter> failures{};
    typename Kind::Counter answers{};       ///< tries that had a response head
    typename Kind::Counter errors{};        ///< of them with a status from 500 on
    typename Kind::Counter cut_by_clock{};  ///< of failures: a clock of the route ended a body
    typename Kind::Counter latency_nanoseconds{};  ///< of `answers`, to the first byte, summed
    std::array<typename Kind::Counter, bucket_count> latencies{};  ///< the same, by bucket_of()

    template <typename F, typename... Fields>
    static void each(F f, Fields &...fields) {
        for (std::size_t i = 0; i < code_classes; ++i) f(fields.requests[i]...);
        for (std::size_t i = 0; i < reason_count; ++i) f(fields.failures.values[i]...);
        f(fields.answers...);
        f(fields.errors...);
        f(fields.cut_by_clock...);
        f(fields.latency_nanoseconds...);
        for (std::size_t i = 0; i < bucket_count; ++i) f(fields.latencies[i]...);
    }
};

template <typename Kind>
struct alignas(64) LimitFields {
    typename Kind::Counter admitted{};
    typename Kind::Counter rejected{};
    typename Kind::Counter dry_run{};  ///< would have been rejected

    template <typename F, typename... Fields>
    static void each(F f, Fields &...fields) {
        f(fields.admitted...);
        f(fields.rejected...);
        f(fields.dry_run...);
    }
};

template <typename Kind>
struct alignas(64) ProcessFields {
    typename Kind::Counter received_bytes{};
    typename Kind::Counter sent_bytes{};
    typename Kind::Counter log_dropped{};
    typename Kind::Counter busy_nanoseconds{};
    typename Kind::Counter accept_handoffs{};
    typename Kind::Gauge connections{};
    typename Kind::Histogram loop_lag{};
    PerReason<typename Kind::Counter> responses_by_uvoy{};
    PerReason<typename Kind::Counter> connections_closed{};  ///< Reason::none: in good order

    template <typename F, typename... Fields>
    static void each(F f, Fields &...fields) {
        f(fields.received_bytes...);
        f(fields.sent_bytes...);
        f(fields.log_dropped...);
        f(fields.busy_nanoseconds...);
        f(fields.accept_handoffs...);
        f(fields.connections...);
        f(fields.loop_lag...);
        for (std::size_t i = 0; i < reason_count; ++i) f(fields.responses_by_uvoy.values[i]...);
        for (std::size_t i = 0; i < reason_count; ++i) f(fields.connections_closed.values[i]...);
    }
};

}  // namespace uvoy::stats
