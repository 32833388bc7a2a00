#include "endpoint.h"

#include <algorithm>
#include <utility>

namespace uvoy::sim {

namespace {

std::uint64_t id_of(std::string_view target) {
    std::uint64_t id = 0;
    for (const char c : target.substr(1)) {
        if (c < '0' || c > '9') break;
        id = id * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return id;
}

std::string target_of(std::string_view start_line) {
    const std::size_t begin = start_line.find(' ') + 1;
    return std::string{start_line.substr(begin, start_line.find(' ', begin) - begin)};
}

}  // namespace

void EndpointConnection::on_bytes(std::string_view bytes) {
    if (tunnel_ != 0) {
        input_ += bytes;
        return;
    }
    if (over_ || finished_) return;
    if (glued_ != 0) sightings_.complain("a request on a connection that brought extra bytes");
    input_ += bytes;
    if (busy_) {
        if (!answered_early_) sightings_.complain("a request before the answer to the last one");
        return;
    }
    bool malformed = false;
    const auto request = take_message(input_, false, false, malformed);
    if (malformed) sightings_.complain("a malformed request arrived");
    if (!request) {
        answer_early();
        return;
    }
    const Plan plan{id_of(target_of(request->start_line))};
    check(*request, plan);
    if (std::exchange(answered_early_, false)) {
        if (!input_.empty()) on_bytes({});  // the proxy had its answer, and went on
        return;
    }
    if (!input_.empty()) sightings_.complain("bytes behind a request");
    busy_ = true;
    scheduler_.after(std::chrono::microseconds{scheduler_.between(1, 3'000)},
                     [this, plan, alive = std::weak_ptr<int>{alive_}] {
                         if (!alive.expired() && !over_) answer(plan);
                     });
}

void EndpointConnection::answer_early() {
    const std::size_t head = input_.find("\r\n\r\n");
    if (head == std::string::npos || answered_early_) return;
    const Plan plan{id_of(target_of(std::string_view{input_}.substr(0, input_.find("\r\n"))))};
    if (plan.answer != Plan::Answer::early || plan.tunnel) return;
    answered_early_ = true;
    output_ += plan.response();
    send_more();
}

void EndpointConnection::check(const Message &request, const Plan &plan) {
    ++sightings_.requests;
    const auto wrong = [&](const std::string &what) {
        sightings_.complain(what + " in " + request.start_line);
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
    if (!faults_.endpoints || !scheduler_.chance(25)) return false;
    const std::string whole = plan.response();
    const auto cut = static_cast<std::size_t>(
        scheduler_.between(0, static_cast<std::uint32_t>(whole.size() - 1)));
    switch (scheduler_.random.below(plan.tunnel ? 5 : 6)) {
        case 0:
            over_ = true;
            stream_->reset();
            break;
        case 1:
            return true;  // never answers
        case 2:
            output_ += "garbage\r\n\r\n";
            break;
        case 3:
            output_ += whole.substr(0, cut);
            close_after_output();
            break;
        case 4:
            output_ += whole.substr(0, cut);
            scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 10)},
                             [this, alive = std::weak_ptr<int>{alive_}] {
                                 if (alive.expired() || over_) return;
                                 over_ = true;
                                 stream_->reset();
                             });
            break;
        default: {
            // An answer to nothing, at once behind the real one: nobody may ever see it.
            static constexpr std::string_view forged =
                "HTTP/1.1 200 OK\r\nX-Id: 0\r\nContent-Length: 0\r\n\r\n";
            output_ += whole;
            output_ += forged;
            glued_ = forged.size();
            stream_->glue_tail(glued_);
            break;
        }
    }
    if (!over_) send_more();
    return true;
}

void EndpointConnection::answer(const Plan &plan) {
    busy_ = false;
    if (misbehave(plan)) return;
    output_ += plan.response();
    if (plan.tunnel) {
        tunnel_ = plan.id;
        close_after_output();
    }
    if (plan.answer == Plan::Answer::until_close && plan.method != "HEAD") close_after_output();
    if (flaky_ && faults_.stale && scheduler_.chance(50)) close_after_output();
    send_more();
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
    if (tunnel_ != 0 && !faults_.clients) sightings_.complain("a tunnel was cut");
}

void EndpointConnection::on_end() {
    if (tunnel_ != 0) {
        if (input_ != content(tunnel_, Plan{tunnel_}.request_size) && !faults_.clients)
            sightings_.complain("a tunnel lost or changed bytes");
        return;
    }
    if (!over_ && !std::exchange(finished_, true)) stream_->finish();
}

}  // namespace uvoy::sim
