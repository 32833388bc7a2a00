#include "client.h"

#include <utility>

namespace uvoy::sim {

namespace {

bool has_right_body(const Plan &plan, const Message &answer, const Faults &faults) {
    if (plan.method == "HEAD" || answer.status() == 204) return answer.body.empty();
    const std::string whole = content(plan.id + 1, plan.response_size);
    // Nobody can tell a cut body from a whole one if only the close ends it.
    if (faults.endpoints && plan.answer == Plan::Answer::until_close)
        return whole.starts_with(answer.body);
    return answer.body == whole;
}

}  // namespace

std::string fault_of(const Plan &plan, const Message &answer, const Faults &faults) {
    const int status = answer.status();
    if (status == 200 || status == 204) {
        const auto id = answer.fields.find("x-id");
        if (id == answer.fields.end() || id->second != std::to_string(plan.id))
            return "the answer to another request: " + answer.start_line;
        if (!has_right_body(plan, answer, faults)) return "a wrong body";
        if (answer.fields.contains("x-hop")) return "a hop-by-hop field came through";
        return {};
    }
    const bool excused = (faults.endpoints && (status == 502 || status == 503 || status == 504)) ||
                         (faults.clients && (status == 408 || status == 503 || status == 504)) ||
                         (faults.stale && !plan.idempotent() && status == 502) ||
                         // a body that has begun to flow cannot be sent twice
                         (faults.stale && plan.body != Plan::Body::none && status == 502);
    return excused ? "" : "unexpected " + answer.body + " to " + plan.method;
}

Client::Client(Scheduler &scheduler, const Faults &faults, std::vector<std::uint64_t> ids,
               Connect connect, std::string &complaint)
    : scheduler_{scheduler},
      faults_{faults},
      connect_{std::move(connect)},
      unsent_(ids.begin(), ids.end()),
      complaint_{complaint},
      pipelines_{scheduler.chance(40)},
      half_closes_{scheduler.chance(20)} {}

Client::~Client() {
    if (stream_ != nullptr) stream_->forget_peer();
}

void Client::start() { connect(); }

void Client::connect() {
    ended_ = close_announced_ = finished_ = tunnel_ = tunnel_heard_ = false;
    input_.clear();
    output_.clear();
    if (stream_ != nullptr) stream_->forget_peer();
    stream_ = connect_(*this);
    if (stream_ == nullptr) {  // the proxy drains
        unsent_.clear();
        return;
    }
    send_next();
}

void Client::send_next() {
    if (unsent_.empty() || ended_ || finished_) return;
    if (!waiting_.empty() && !pipelines_) return;
    const std::uint64_t id = unsent_.front();
    // RFC 9112 section 9.3.2: nothing is sent behind a request that must not be repeated.
    if (!waiting_.empty() && !Plan{waiting_.back()}.idempotent()) return;
    if (!waiting_.empty() && Plan{waiting_.back()}.tunnel) return;
    unsent_.pop_front();
    waiting_.push_back(id);
    output_ += Plan{id}.request(++attempts_);
    send_more();
}

void Client::send_more() {
    while (!output_.empty() && stream_->open() && stream_->has_room()) {
        const auto limit = static_cast<std::uint32_t>(output_.size());
        const std::size_t size = scheduler_.between(1, std::min(limit, 40'000U));
        stream_->send(std::string_view{output_}.substr(0, size));
        output_.erase(0, size);
        if (faults_.clients && scheduler_.chance(1)) {
            stream_->reset();
            connection_lost(false);
            return;
        }
        if (scheduler_.chance(10)) break;  // the rest with the next room or answer
    }
    if (!output_.empty()) {
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 20)}, [this] {
            if (stream_ != nullptr && !ended_ && !finished_) send_more();
        });
        return;
    }
    const bool tunnel_ahead = !waiting_.empty() && Plan{waiting_.back()}.tunnel;
    const bool last = unsent_.empty() && half_closes_ && !tunnel_ahead;
    if ((tunnel_ || last) && !std::exchange(finished_, true)) {
        stream_->finish();
        if (tunnel_heard_) end_tunnel();
        return;
    }
    if (tunnel_) return;
    send_next();
}

void Client::on_bytes(std::string_view bytes) {
    input_ += bytes;
    if (faults_.clients && scheduler_.chance(1))
        stream_->stall(std::chrono::seconds{scheduler_.between(1, 90)});
    read_answers();
}

void Client::read_answers() {
    if (tunnel_) return;
    for (;;) {
        const bool head = !waiting_.empty() && Plan{waiting_.front()}.method == "HEAD";
        bool malformed = false;
        const auto answer = take_message(input_, head, ended_, malformed);
        if (malformed) complain("malformed answer");
        if (!answer) break;
        if (answer->status() == 101) {
            begin_tunnel(*answer);
            return;
        }
        if (answer->status() < 200) continue;
        if (waiting_.empty()) {
            complain("an answer to nothing: " + answer->start_line);
            break;
        }
        const Plan plan{waiting_.front()};
        waiting_.pop_front();
        ++answered_;
        check(plan, *answer);
        const auto connection = answer->fields.find("connection");
        if (connection != answer->fields.end() && connection->second == "close")
            close_announced_ = ended_ = true;
    }
    if (!ended_ && output_.empty()) send_next();
}

void Client::begin_tunnel(const Message &answer) {
    if (waiting_.size() != 1 || !Plan{waiting_.front()}.tunnel) {
        complain("a switch of protocols that nobody asked for");
        return;
    }
    const Plan plan{waiting_.front()};
    if (answer.fields.at("x-id") != std::to_string(plan.id)) complain("the tunnel of another");
    tunnel_ = true;
    ++answered_;
    output_ = content(plan.id, plan.request_size);
    send_more();
}

void Client::end_tunnel() {
    const Plan plan{waiting_.front()};
    waiting_.pop_front();
    close_announced_ = true;
    if (input_ == content(plan.id + 1, plan.response_size)) ++good_;
    else if (!faults_.endpoints && !faults_.clients) complain("a tunnel lost or changed bytes");
    ended_ = true;
    connection_lost(true);
}

void Client::check(const Plan &plan, const Message &answer) {
    if (answer.status() == 200 || answer.status() == 204) ++good_;
    if (const std::string fault = fault_of(plan, answer, faults_); !fault.empty()) complain(fault);
}

void Client::complain(std::string text) {
    if (complaint_.empty()) {
        scheduler_.trace(stream_.get(), text);
        complaint_ = "client: " + std::move(text);
        if (!waiting_.empty()) complaint_ += ", request " + std::to_string(waiting_.front());
    }
}

void Client::connection_lost(bool orderly) {
    stream_->forget_peer();
    ended_ = true;
    if (!waiting_.empty()) {
        // The first may have been cut; those behind it were never taken up, and are sent again.
        const bool excused = faults_.endpoints || faults_.clients ||
                             (faults_.stale && !Plan{waiting_.front()}.idempotent());
        if (!close_announced_ && excused) waiting_.pop_front();
        else if (!close_announced_)
            complain(orderly ? "closed without an answer" : "reset without an answer");
    }
    while (!waiting_.empty()) {
        unsent_.push_front(waiting_.back());
        waiting_.pop_back();
    }
    if (!complaint_.empty()) {
        unsent_.clear();
        return;
    }
    if (!unsent_.empty()) {
        scheduler_.after(std::chrono::milliseconds{1}, [this] { connect(); });
    }
}

void Client::on_end() {
    if (tunnel_) {
        tunnel_heard_ = true;
        if (finished_) end_tunnel();
        return;
    }
    ended_ = true;
    read_answers();
    connection_lost(true);
}

void Client::on_reset() { connection_lost(false); }

}  // namespace uvoy::sim
