#include "raw_endpoint.h"

#include "check.h"

#include <utility>

namespace uvoy::fuzz {

namespace {

std::string usual_answer(const StrictMessage &request, bool anonymous) {
    std::string owner = anonymous ? std::string{} : request.value("x-forwarded-for");
    // The peer's own address is the last.
    if (const auto comma = owner.rfind(' '); comma != std::string::npos) owner.erase(0, comma + 1);
    return "HTTP/1.1 200 OK\r\n" + std::string{RawEndpoint::owner_field} + ": " + owner +
           "\r\nContent-Length: " + (request.method() == "HEAD" ? "5\r\n\r\n" : "5\r\n\r\nhello");
}

}  // namespace

void RawEndpoint::send(std::string_view bytes) {
    if (bytes.empty()) return;
    raw_ = true;
    // Whether these bytes are a 101 is the proxy's to find out.
    tunnel_ = tunnel_ || upgrading_;
    RawPeer::send(bytes);
}

void RawEndpoint::on_bytes(std::string_view bytes) {
    check(raw_ || !waiting_, "a request before the answer to the last one");
    received_ += bytes;
    while (!received_.empty() && !tunnel_) {
        const Taken taken = take_request(received_);
        check(taken.verdict != Taken::Verdict::malformed, "a request has " + taken.why);
        if (taken.verdict == Taken::Verdict::incomplete) return;
        received_.erase(0, taken.size);
        check(raw_ || received_.empty(), "bytes behind a request");
        on_request(taken.message);
    }
}

void RawEndpoint::on_request(const StrictMessage &request) {
    ++replies_.requests;
    upgrading_ = request.count("upgrade") != 0;
    tunnel_ = raw_ && upgrading_;
    waiting_ = true;
    if (!replies_.scripted.empty()) {
        const std::string reply = std::move(replies_.scripted.front());
        replies_.scripted.pop_front();
        send(reply);
    } else {
        waiting_ = false;
        RawPeer::send(usual_answer(request, raw_));
    }
}

}  // namespace uvoy::fuzz
