#include "endpoint.h"

#include "attack.h"

#include <algorithm>
#include <utility>

namespace uvoy::sim {

namespace {

constexpr std::string_view forged = "HTTP/1.1 200 OK\r\nX-Id: 0\r\nContent-Length: 0\r\n\r\n";

std::string target_of(std::string_view start_line) {
    const std::size_t begin = start_line.find(' ') + 1;
    return std::string{start_line.substr(begin, start_line.find(' ', begin) - begin)};
}

}  // namespace

void EndpointConnection::complain(const std::string &text) {
    scheduler_.trace(stream_.get(), text);
    if (sightings_.complaint.empty()) sightings_.complaint = text;
}

void EndpointConnection::on_bytes(std::string_view bytes) {
    if (tunnel_ != 0) {
        input_ += bytes;
        return;
    }
    if (over_) return;
    if (spent_ == Spent::by_http) complain("a request on a connection that broke the rules");
    if (spent_ == Spent::unasked) expect_to_be_left(bytes);
    if (finished_ || spent_ != Spent::no) return;
    // A mark may have come in two pieces.
    const std::size_t seen = input_.size() - std::min(input_.size(), smuggled_mark.size());
    input_ += bytes;
    if (input_.find(refused_mark, seen) != std::string::npos ||
        input_.find(smuggled_mark, seen) != std::string::npos)
        complain("what was refused or smuggled arrived");
    if (busy_) {
        if (!answered_early_) complain("a request before the answer to the last one");
        return;
    }
    bool malformed = false;
    const auto request = take_message(input_, false, false, malformed);
    if (malformed) complain("a malformed request arrived");
    if (!request) {
        answer_early();
        return;
    }
    if (target_of(request->start_line).find(broken_mark) != std::string::npos)
        complain("a broken request arrived whole");
    const Plan plan{id_of(target_of(request->start_line))};
    check(*request, plan);
    if (std::exchange(answered_early_, false)) {
        if (!input_.empty()) on_bytes({});  // the proxy had its answer, and went on
        return;
    }
    if (!input_.empty()) complain("bytes behind a request");
    busy_ = true;
    scheduler_.after(std::chrono::microseconds{scheduler_.between(1, 3'000)},
                     [this, plan, alive = std::weak_ptr<int>{alive_}] {
                         if (!alive.expired() && !over_) answer(plan);
                     });
}

void EndpointConnection::answer_early() {
    const std::size_t head = input_.find("\r\n\r\n");
    if (head == std::string::npos || answered_early_) return;
    const std::string target = target_of(std::string_view{input_}.substr(0, input_.find("\r\n")));
    if (target.find(broken_mark) != std::string::npos) return;
    const Plan plan{id_of(target)};
    if (plan.answer != Plan::Answer::early || plan.tunnel) return;
    answered_early_ = true;
    output_ += plan.response();
    send_more();
}

void EndpointConnection::check(const Message &request, const Plan &plan) {
    ++sightings_.requests;
    const auto wrong = [&](const std::string &what) {
        complain(what + " in " + request.start_line);
    };
    if (!request.start_line.starts_with(plan.method + " ")) wrong("a wrong method");
    if (!request.start_line.ends_with(" HTTP/1.1")) wrong("a wrong version");
    if (request.body != content(plan.id, plan.tunnel ? 0 : plan.request_size))
        wrong("a wrong body");
    const auto &fields = request.fields;
    for (const char *name : {"x-hop", "keep-alive", "proxy-connection"})
        if (fields.contains(name)) wrong(std::string{"the hop-by-hop field "} + name);
    const auto forwarded = fields.find("x-forwarded-for");
    if (forwarded == fields.end() || forwarded->second != "192.0.2.1")
        wrong("a wrong X-Forwarded-For");
    for (const char *name : {"host", "via", "x-request-id", "x-forwarded-proto"})
        if (!fields.contains(name)) wrong(std::string{"no "} + name);
    if (!plan.idempotent() && ++sightings_.non_idempotent[target_of(request.start_line)] > 1)
        wrong("a second copy");
}

bool EndpointConnection::misbehave(const Plan &plan) {
    if (!faults_.endpoints || !scheduler_.chance(30)) return false;
    spent_ = plan.tunnel ? Spent::by_tunnel : Spent::by_http;
    switch (scheduler_.random.below(plan.tunnel ? 7 : 10)) {
        case 0:
            over_ = true;
            stream_->reset();
            break;
        case 1:
            break;  // never answers
        case 2:
        case 3:
        case 4:
            break_rules(plan);
            break;
        case 5:
            cut(plan);
            close_after_output();
            break;
        case 6:
            cut(plan);
            scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 10)},
                             [this, alive = std::weak_ptr<int>{alive_}] {
                                 if (alive.expired() || over_) return;
                                 over_ = true;
                                 stream_->reset();
                             });
            break;
        case 7:
            spent_ = Spent::no;
            if (plan.answer == Plan::Answer::until_close) return false;
            drip(plan.response());
            break;
        case 8:
            // In good order: "not now".  The client may get it, or that of another try.
            spent_ = Spent::no;
            output_ += "HTTP/1.1 503 Service Unavailable\r\nContent-Length: ";
            output_ += plan.method == "HEAD" ? "7\r\n\r\n" : "7\r\n\r\nnot now";
            break;
        default:
            // An answer to nothing, at once behind the real one: nobody may ever see it.
            output_ += plan.response();
            output_ += forged;
            stream_->glue_tail(glued_ = forged.size());
            break;
    }
    if (!over_) send_more();
    return true;
}

void EndpointConnection::break_rules(const Plan &plan) {
    const auto all = bad_responses();
    const BadResponse *bad = nullptr;
    do bad = &all[scheduler_.between(0, static_cast<std::uint32_t>(all.size() - 1))];
    while (bad->in_body && plan.method == "HEAD");
    scheduler_.trace(stream_.get(), bad->name);
    sightings_.bad_responses[plan.id] = bad;
    output_ += bad->bytes;
    if (bad->ends) close_after_output();
}

/// Only some of the answer, and never all.
void EndpointConnection::cut(const Plan &plan) {
    const std::string whole = plan.response();
    output_ += whole.substr(0, scheduler_.between(0, static_cast<std::uint32_t>(whole.size() - 1)));
}

/// The answer byte for byte, in all time that there is; then perhaps nothing any more.
void EndpointConnection::drip(std::string rest) {
    if (rest.empty() || over_ || !stream_->open()) return;
    output_ += rest.substr(0, 1);
    rest.erase(0, 1);
    const bool never_ends = scheduler_.chance(1);
    if (scheduler_.chance(2)) output_ += std::exchange(rest, {});
    send_more();
    if (never_ends) return;
    scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 2'000)},
                     [this, rest = std::move(rest), alive = std::weak_ptr<int>{alive_}] {
                         if (!alive.expired()) drip(rest);
                     });
}

void EndpointConnection::answer(const Plan &plan) {
    busy_ = false;
    bursts_out_ = false;  // in the midst of an answer what it says would be a part of that
    if (misbehave(plan)) return;
    output_ += plan.response();
    bursts_out_ = faults_.endpoints && scheduler_.chance(10);
    if (plan.tunnel) {
        tunnel_ = plan.id;
        close_after_output();
    }
    if (plan.answer == Plan::Answer::until_close && plan.method != "HEAD") close_after_output();
    if (flaky_ && faults_.stale && scheduler_.chance(50)) close_after_output();
    send_more();
}

void EndpointConnection::maybe_speak_unasked() {
    const bool idle = !over_ && !busy_ && !closes_ && !finished_ && spent_ == Spent::no &&
                      output_.empty() && input_.empty();
    if (!bursts_out_ || !idle || !scheduler_.chance(10)) return;
    if (stream_->send_if_quiet(forged)) spent_ = Spent::unasked;
}

/// What was said unasked had not been delivered when the request went out, and was in the same
/// turn.
void EndpointConnection::expect_to_be_left(std::string_view request) {
    for (const std::string_view method : {"POST ", "PATCH ", "CONNECT "})
        if (request.starts_with(method)) complain("it was lent to what cannot be repeated");
    scheduler_.after(std::chrono::milliseconds{1}, [this, alive = std::weak_ptr<int>{alive_}] {
        if (!alive.expired() && stream_->open() && !stream_->left())
            complain("a request on a connection that spoke unasked");
    });
}

void EndpointConnection::send_more() {
    while (!over_ && !output_.empty() && stream_->open() && stream_->has_room()) {
        const auto limit = static_cast<std::uint32_t>(output_.size());
        std::size_t size = scheduler_.chance(40) ? limit : scheduler_.between(1, limit);
        size = std::min<std::size_t>(size, 30'000);
        if (output_.size() - size <= glued_) size = output_.size();
        stream_->send(std::string_view{output_}.substr(0, size));
        output_.erase(0, size);
    }
    if (!over_ && output_.empty() && closes_ && !std::exchange(finished_, true)) stream_->finish();
}

void EndpointConnection::on_reset() {
    over_ = true;
    // A try that takes too long is cut, also one that has just switched.
    if (tunnel_ != 0 && !faults_.clients && !faults_.endpoints) complain("a tunnel was cut");
}

void EndpointConnection::on_end() {
    if (tunnel_ != 0) {
        if (input_ != content(tunnel_, Plan{tunnel_}.request_size) && !faults_.clients)
            complain("a tunnel lost or changed bytes");
        return;
    }
    if (!finished_ && !over_ && spent_ == Spent::no && !input_.empty())
        complain("an orderly end in the middle of a request");
    if (!over_ && !std::exchange(finished_, true)) stream_->finish();
}

}  // namespace uvoy::sim
