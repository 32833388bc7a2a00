#include "server/admin_failures.h"

#include "server/flight_recorder.h"
#include "server/wall_time.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

/// A record and whose it is.
struct Entry {
    FlightRecord record;
    std::size_t worker = 0;
};

std::optional<Reason> reason_of(std::string_view word) {
    for (std::size_t i = 1; i < reason_count; ++i)
        if (word == name(static_cast<Reason>(i))) return static_cast<Reason>(i);
    return std::nullopt;
}

std::optional<std::size_t> limit_of(const std::string &text) {
    std::size_t value = 0;
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    if (value < 1 || value > FailureFilter::most) return std::nullopt;
    return value;
}

bool passes(const FlightRecord &record, const FailureFilter &filter) {
    if (filter.reason && record.failure.reason != *filter.reason) return false;
    return !filter.cluster || record.cluster == std::string_view{*filter.cluster}.substr(
                                                    0, FlightRecorder::longest_name);
}

std::vector<Entry> entries(const ServerView &view, const FailureFilter &filter) {
    std::vector<Entry> found;
    for (std::size_t worker = 0; worker < view.recorders.size(); ++worker)
        for (FlightRecord &record : view.recorders[worker]->read())
            if (passes(record, filter)) found.push_back({std::move(record), worker});
    std::ranges::sort(found, std::ranges::greater{}, [](const Entry &entry) {
        return std::tuple{entry.record.time, entry.record.order, entry.worker};
    });
    return found;
}

Json text_or_null(const std::string &text) { return text.empty() ? Json(nullptr) : Json(text); }

Json seconds_or_null(Duration duration) {
    if (duration < Duration::zero()) return nullptr;
    return std::chrono::duration<double>{duration}.count();
}

Json entry_json(const Entry &entry) {
    const FlightRecord &record = entry.record;
    return {
        {"time", rfc3339(record.time)},
        {"outcome", record.retried ? "retried" : "failed"},
        {"reason", name(record.failure.reason)},
        {"phase", name(record.failure.phase)},
        {"side", name(record.failure.side)},
        {"status", record.status == 0 ? Json(nullptr) : Json(record.status)},
        {"listener", record.listener},
        {"route", text_or_null(record.route)},
        {"cluster", text_or_null(record.cluster)},
        {"endpoint", text_or_null(record.endpoint)},
        {"attempts", record.attempts},
        {"duration_seconds", seconds_or_null(record.duration)},
        {"wait_seconds", seconds_or_null(record.wait)},
        {"connect_seconds", seconds_or_null(record.connect)},
        {"first_byte_seconds", seconds_or_null(record.first_byte)},
        {"method", text_or_null(record.method)},
        {"host", text_or_null(record.host)},
        {"path", text_or_null(record.path)},
        {"client", record.client},
        {"request_id", text_or_null(record.request_id)},
        {"worker", entry.worker},
        {"more", record.more},
    };
}

Json counts_json(const ServerView &view, bool retried) {
    Json counts = Json::object();
    for (std::size_t i = 1; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        std::uint64_t sum = 0;
        for (const auto &recorder : view.recorders) sum += recorder->count(reason, retried);
        if (sum > 0) counts[std::string{name(reason)}] = sum;
    }
    return counts;
}

}  // namespace

std::variant<FailureFilter, Refusal> failure_filter(const Query &query) {
    if (auto refusal = query.refuse_others({"limit", "reason", "cluster"})) return *refusal;
    FailureFilter filter;
    if (const std::string *const text = query.find("limit")) {
        const auto limit = limit_of(*text);
        if (!limit) return Refusal{400, "\"limit\" is not in 1..10000"};
        filter.limit = *limit;
    }
    if (const std::string *const text = query.find("reason")) {
        filter.reason = reason_of(*text);
        if (!filter.reason)
            return Refusal{400, "\"reason\" is none of the words that logs and metrics use"};
    }
    if (const std::string *const text = query.find("cluster")) filter.cluster = *text;
    return filter;
}

Json flight_json(const ServerView &view, const FailureFilter &filter) {
    const std::vector<Entry> found = entries(view, filter);
    Json failures = Json::array();
    for (std::size_t i = 0; i < std::min(found.size(), filter.limit); ++i)
        failures.push_back(entry_json(found[i]));
    return {
        {"failures", std::move(failures)},
        {"matching", found.size()},
        {"counts", {{"failed", counts_json(view, false)}, {"retried", counts_json(view, true)}}}};
}

}  // namespace uvoy::server
