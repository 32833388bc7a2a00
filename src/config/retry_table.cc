#include "config/tables.h"

namespace uvoy::config {

namespace {

using Kind = RetryOn::Kind;

/// A word for a kind of failure, or the number of a status.
Type<RetryOn> retry_on() {
    Type<RetryOn> type =
        choice<RetryOn>({{"connect_failure", {.kind = Kind::connect_failure}},
                         {"refused", {.kind = Kind::refused}},
                         {"reset_before_response", {.kind = Kind::reset_before_response}},
                         {"5xx", {.kind = Kind::server_error}},
                         {"gateway_error", {.kind = Kind::gateway_error}},
                         {"timeout", {.kind = Kind::timeout}}});
    const Type<std::uint16_t> status = integer<std::uint16_t>(400, 599);
    type.expects += ", or a status code in 400..599";
    type.schema = any_of(type.schema, status.schema);
    type.read = [word = type.read, status](Context &context, const Node &node, RetryOn &on) {
        if (!node.is_number()) return word(context, node, on);
        on.kind = Kind::status;
        return status.read(context, node, on.status);
    };
    type.write = [word = type.write](const RetryOn &on) {
        return on.kind == Kind::status ? json_number(on.status) : word(on);
    };
    return type;
}

/// Two durations in an array, for they are a range.
Type<Backoff> backoff() {
    static const std::string expects = R"(two durations such as ["25ms", "250ms"])";
    const Type<Duration> part = duration();
    JsonObject schema{{"type", json_string("array")},
                      {"items", part.schema.text()},
                      {"minItems", "2"},
                      {"maxItems", "2"}};
    const auto read = [part](Context &context, const Node &node, Backoff &value) {
        if (node.kind != Node::Kind::array || node.items.size() != 2)
            return fail_kind(context, node, expects);
        const bool first = part.read(context, node.items[0], value.first);
        const bool longest = part.read(context, node.items[1], value.longest);
        if (!first || !longest) return false;
        if (value.first <= value.longest) return true;
        context.fail(node, "begins above its end");
        return false;
    };
    const auto write = [part](const Backoff &value) {
        return json_array({part.write(value.first), part.write(value.longest)});
    };
    return {.expects = expects, .read = read, .schema = std::move(schema), .write = write};
}

}  // namespace

const Table<Retry> &retry_table() {
    using T = Retry;
    constexpr std::size_t most_reasons = 16;
    constexpr std::uint64_t largest_buffer = std::uint64_t{16} * 1024 * 1024;
    static const Table<T> table{
        .noun = "a retry policy",
        .keys = {key<T>("attempts", &T::attempts, integer<std::uint32_t>(0, 10),
                        "retries beyond the first try; 0 = never"),
                 key<T>("on", &T::on, list(retry_on(), 0, most_reasons),
                        "failures and status codes after which a request is tried again"),
                 key<T>("per_try_timeout", &T::per_try_timeout, duration(Zero::allowed),
                        "time from a whole request to the first byte of its answer, for each try; "
                        "\"0s\" = no limit but the route's timeout"),
                 key<T>("buffer", &T::buffer, size(0, largest_buffer),
                        "a body of an idempotent request that fits is kept to be sent again"),
                 key<T>("backoff", &T::backoff, backoff(),
                        "wait before a retry: a random time up to the first duration, doubled with "
                        "each retry, up to the second")}};
    return table;
}

const Table<RetryBudget> &retry_budget_table() {
    using T = RetryBudget;
    static const Table<T> table{
        .noun = "a retry budget",
        .keys = {key<T>("ratio", &T::ratio, share(),
                        "share of the cluster's requests in flight that may be retries"),
                 key<T>("min", &T::min, integer<std::uint32_t>(0, 1'000'000),
                        "so many retries may be in flight in any case")}};
    return table;
}

}  // namespace uvoy::config
