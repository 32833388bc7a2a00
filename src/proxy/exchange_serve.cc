#include "proxy/exchange.h"
#include "proxy/proxy.h"

#include <array>
#include <utility>

// Requests that a Service answers instead of an endpoint.
namespace uvoy::proxy {

void Exchange::serve(Service &service, const Incoming &request, TimePoint now) {
    ServiceReply reply = service.serve(request.head, request.target.path, request.target.query);
    if (const auto *const ready = std::get_if<LocalAnswer>(&reply)) {
        answer_locally(*ready, now);
        return;
    }
    after_body_ = std::make_unique<AfterBody>(std::get<AfterBody>(std::move(reply)));
    if (request_over_) {
        answer_after_body(now);
        return;
    }
    if (request_framing_.kind == http::Framing::Kind::sized &&
        request_framing_.length > after_body_->most) {
        after_body_.reset();
        answer(make_failure(Reason::body_too_large, Phase::request_sent), now);
        return;
    }
    body_left_ = after_body_->most;
    read_due_ = now + proxy_.runtime().config().listeners[session_->listener()].timeouts.body;
    if (!course_.expects_continue) return;
    // RFC 9110 section 10.1.1.
    const std::array<Bytes, 1> interim{"HTTP/1.1 100 Continue\r\n\r\n"};
    session_->transport().write(interim);
    journal_.interim += interim[0].size();
    wrote_client(interim[0].size(), now);
}

void Exchange::answer_after_body(TimePoint now) {
    const std::unique_ptr<AfterBody> handler = std::move(after_body_);
    answer_locally(handler->answer(unsent_), now);
    unsent_.clear();
}

}  // namespace uvoy::proxy
