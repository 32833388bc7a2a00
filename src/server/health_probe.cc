#include "server/health_probe.h"

#include "base/reason.h"
#include "uv/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::server {

namespace {

/// An answer's head that is longer, with all 1xx before it, is a failure.
constexpr http::HeadLimits limits{.header_bytes = std::size_t{16} * 1024, .headers = 128};

bool contains(const std::vector<config::StatusRange> &ranges, int status) {
    return std::any_of(ranges.begin(), ranges.end(), [status](const config::StatusRange &range) {
        return range.first <= status && status <= range.last;
    });
}

std::string request(std::string_view method, std::string_view target, std::string_view host) {
    return fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: uvoy-health-check\r\nConnection: close\r\n\r\n",
        method, target, host);
}

}  // namespace

HealthProbe::HealthProbe(uv::Loop &loop, const uv::SocketAddress &address,
                         const config::HealthCheck &check, std::string_view host, Ping ping,
                         Delegate<void()> on_concluded)
    : check_{check}, on_concluded_{on_concluded} {
    if (check.type == config::HealthCheck::Type::http) request_ = request("GET", check.path, host);
    else if (ping == Ping::yes) request_ = request("OPTIONS", "*", host);
    transport_ = uv::StreamTransport::connect(loop, address, *this);
}

HealthProbe::~HealthProbe() = default;

void HealthProbe::expire() {
    assert(!result_);
    const Reason reason = connected_ ? Reason::first_byte_timeout : Reason::connect_timeout;
    // A connection that stands is a sign of life only if it was made just now, for this.
    result_ = Result{.failure = std::string{name(reason)},
                     .connect_failed = !connected_,
                     .silence = !connected_};
    transport_.reset();
}

void HealthProbe::on_connected(TimePoint) {
    connected_ = true;
    if (!asks()) return conclude(Result{});
    const proxy::Bytes pieces[]{request_};
    transport_->write(pieces);
}

void HealthProbe::on_connect_failed(proxy::ConnectError error, TimePoint) {
    if (error == proxy::ConnectError::exhausted)
        return conclude(Result{.failure = "exhausted", .conclusive = false});
    Reason reason = Reason::connect_failed;
    if (error == proxy::ConnectError::refused) reason = Reason::connect_refused;
    if (error == proxy::ConnectError::timed_out) reason = Reason::connect_timeout;
    conclude(Result{.failure = std::string{name(reason)},
                    .connect_failed = true,
                    .silence = reason != Reason::connect_refused});
}

void HealthProbe::on_bytes(proxy::Bytes bytes, TimePoint) {
    if (result_ || !asks()) return;
    if (pings()) return conclude(Result{});
    answer_.append(bytes);
    read_heads();
}

void HealthProbe::read_heads() {
    for (;;) {
        const auto found = scanner_.scan(answer_, limits);
        http::ResponseHead head;
        if (found && found->end == 0) return;
        if (!found || !http::parse_response(
                          std::string_view{answer_}.substr(found->begin, found->end - found->begin),
                          limits, head)) {
            const bool too_large = !found && found.error() == http::HeadError::head_too_large;
            return conclude(
                std::string{name(too_large ? Reason::response_too_large : Reason::bad_response)});
        }
        if (head.status >= 200) return judge(head.status);
        answer_.erase(0, found->end);
        scanner_.reset();
    }
}

void HealthProbe::judge(int status) {
    conclude(contains(check_.status, status) ? std::string{} : fmt::format("status {}", status));
}

void HealthProbe::on_end(TimePoint now) { on_broken(now); }

void HealthProbe::on_broken(TimePoint) {
    if (result_) return;
    if (pings()) return conclude(Result{});  // a method that it does not know, maybe
    const Reason reason = answer_.empty() ? Reason::reset_before_headers : Reason::reset_in_headers;
    conclude(std::string{name(reason)});
}

void HealthProbe::conclude(std::string failure, bool connect_failed) {
    conclude(Result{.failure = std::move(failure), .connect_failed = connect_failed});
}

void HealthProbe::conclude(Result result) {
    if (result_) return;
    result_ = std::move(result);
    on_concluded_();
}

}  // namespace uvoy::server
