#include "attacker.h"

#include <algorithm>
#include <utility>

namespace uvoy::sim {

namespace {

std::string smuggled(std::uint32_t count) {
    std::string out;
    for (std::uint32_t i = 0; i < count; ++i)
        out += "GET /smuggled-" + std::to_string(i) + " HTTP/1.1\r\nHost: sim.example\r\n\r\n";
    return out;
}

}  // namespace

Attacker::Attacker(Scheduler &scheduler, const Faults &faults, const Attack &attack,
                   std::deque<std::uint64_t> ids, Connect connect, std::string &complaint)
    : scheduler_{scheduler},
      faults_{faults},
      attack_{attack},
      waiting_{std::move(ids)},
      connect_{std::move(connect)},
      complaint_{complaint} {
    for (const std::uint64_t id : waiting_) output_ += Plan{id}.request(0);
    output_ += attack.bytes + smuggled(scheduler.between(1, 3));
}

Attacker::~Attacker() {
    if (stream_ != nullptr) stream_->forget_peer();
}

void Attacker::start() {
    stream_ = connect_(*this);
    if (stream_ == nullptr) over_ = true;  // the proxy drains
    else send_more();
}

void Attacker::send_more() {
    if (over_ || output_.empty() || !stream_->open()) return;
    // Now and then a few bytes at a time, else in large pieces; every boundary comes up.
    const auto limit = static_cast<std::uint32_t>(std::min<std::size_t>(output_.size(), 30'000));
    const std::uint32_t size = limit > 4 && scheduler_.chance(30)
                                   ? scheduler_.between(1, 4)
                                   : scheduler_.between(1 + limit / 4, limit);
    if (stream_->has_room()) {
        stream_->send(std::string_view{output_}.substr(0, size));
        output_.erase(0, size);
    }
    if (output_.empty() && scheduler_.chance(20)) {
        stream_->finish();
        return;
    }
    scheduler_.after(std::chrono::microseconds{scheduler_.between(1, 20'000)},
                     [this] { send_more(); });
}

void Attacker::on_bytes(std::string_view bytes) {
    input_ += bytes;
    read_answers();
}

void Attacker::read_answers() {
    while (!close_announced_) {
        const bool head = !waiting_.empty() && Plan{waiting_.front()}.method == "HEAD";
        bool malformed = false;
        const auto answer = take_message(input_, head, over_, malformed);
        if (malformed) complain("a malformed answer");
        if (!answer) return;
        if (answer->status() < 200) continue;
        const auto connection = answer->fields.find("connection");
        close_announced_ = connection != answer->fields.end() && connection->second == "close";
        if (waiting_.empty()) {
            check_refusal(*answer);
            continue;
        }
        const Plan plan{waiting_.front()};
        waiting_.pop_front();
        if (const std::string fault = fault_of(plan, *answer, faults_); !fault.empty())
            complain(fault);
    }
    if (!input_.empty()) complain("bytes behind the last answer");
}

void Attacker::check_refusal(const Message &answer) {
    refused_ = true;
    refused_at_ = scheduler_.now();
    const int status = answer.status();
    // A body may be cut short by what happens at its endpoint.
    const bool excused = attack_.in_body && (faults_.endpoints || faults_.stale) && status >= 502;
    if (status != attack_.status && !excused)
        complain("answered with " + answer.start_line + " instead of " +
                 std::to_string(attack_.status));
    if (!close_announced_) complain("the connection stays open");
    if (!answer.fields.contains("proxy-status") || !answer.fields.contains("content-length") ||
        !answer.body.starts_with(std::to_string(status) + " "))
        complain("an answer that is not of uvoy's form");
}

void Attacker::end() {
    over_ = true;
    stream_->forget_peer();
    // What ends a connection before its turn comes: an endpoint that fails, or a drain.
    if (refused_) {
        if (scheduler_.now() > refused_at_ + std::chrono::seconds{1})
            complain("the connection outlives its last answer");
    } else if (!close_announced_ && !faults_.endpoints) {
        complain("no answer");
    }
}

void Attacker::on_end() {
    if (std::exchange(over_, true)) return;
    read_answers();
    end();
}

void Attacker::on_reset() {
    if (over_) return;
    end();
}

void Attacker::complain(const std::string &text) {
    if (!complaint_.empty()) return;
    scheduler_.trace(stream_.get(), text);
    complaint_ = "attacker: " + text + " (" + std::string{attack_.name} + ")";
}

}  // namespace uvoy::sim
