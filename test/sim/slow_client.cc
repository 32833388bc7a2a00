#include "slow_client.h"

#include "config/config.h"

#include <algorithm>
#include <utility>

namespace uvoy::sim {

namespace {

constexpr config::ListenerTimeouts timeouts;  // what they are if nobody says otherwise

// How much later than it does it a client may hear of what uvoy does: the wheel's tick, and the
// way of the bytes there and back.
constexpr Duration slack = std::chrono::seconds{1};

constexpr std::size_t flood_size = 2'000'000;

}  // namespace

SlowClient::SlowClient(Scheduler &scheduler, const Faults &faults, Kind kind, std::uint64_t id,
                       Duration timeout, Connect connect, std::string &complaint)
    : scheduler_{scheduler},
      faults_{faults},
      kind_{kind},
      id_{id},
      timeout_{timeout},
      connect_{std::move(connect)},
      complaint_{complaint} {}

SlowClient::~SlowClient() {
    if (stream_ != nullptr) stream_->forget_peer();
}

void SlowClient::start() {
    stream_ = connect_(*this);
    if (stream_ == nullptr) {  // the proxy drains
        over_ = true;
        return;
    }
    started_ = last_sent_ = scheduler_.now();
    switch (kind_) {
        case Kind::head:
            stream_->send("GET /refused HTTP/1.1\r\nHost: sim.example\r\nX-Slow: ");
            drips_left_ = ~0U;
            drip();
            break;
        case Kind::body:
            stream_->send(
                "PUT /broken HTTP/1.1\r\nHost: sim.example\r\n"
                "Content-Length: 1000000\r\n\r\n");
            drips_left_ = scheduler_.between(0, 5);
            drip();
            break;
        case Kind::reader:
            stream_->stall(std::chrono::hours{10});
            stream_->send(Plan{id_}.request(0));
            break;
        case Kind::flood:
            stream_->stall(std::chrono::hours{10});
            on_room();
            break;
    }
}

void SlowClient::drip() {
    if (over_ || drips_left_ == 0) return;
    --drips_left_;
    const Duration pause = std::chrono::milliseconds{scheduler_.between(50, 9'000)};
    scheduler_.after(pause, [this] {
        if (over_ || answered_ || !stream_->open()) return;
        if (scheduler_.now() > due() + slack) {
            complain("not ended in time");
            return;
        }
        stream_->send("x");
        last_sent_ = scheduler_.now();
        drip();
    });
}

void SlowClient::on_room() {
    if (kind_ != Kind::flood) return;
    const std::string request = Plan{id_}.request(0);
    while (flooded_ < flood_size && stream_->open() && stream_->has_room()) {
        stream_->send(request);
        flooded_ += request.size();
    }
}

void SlowClient::on_bytes(std::string_view bytes) {
    if (kind_ == Kind::reader || kind_ == Kind::flood) return;
    input_ += bytes;
    bool malformed = false;
    const auto answer = take_message(input_, false, over_, malformed);
    if (malformed) complain("a malformed answer");
    if (answer) check_answer(*answer);
}

TimePoint SlowClient::due() const {
    if (kind_ == Kind::head) return started_ + timeouts.headers;
    const TimePoint due = last_sent_ + timeouts.body;
    return timeout_ == Duration::zero() ? due : std::min(due, started_ + timeout_);
}

void SlowClient::check_answer(const Message &answer) {
    if (std::exchange(answered_, true)) complain("a second answer");
    // An endpoint may have failed before the client does.
    const bool may_fail = faults_.endpoints || faults_.stale;
    if (kind_ == Kind::body && may_fail && answer.status() >= 502) return;
    if (answer.status() != 408) complain("answered with " + answer.start_line);
    if (scheduler_.now() < due()) complain("ended too early");
    if (scheduler_.now() > due() + slack) complain("ended too late");
}

void SlowClient::end(bool orderly) {
    if (std::exchange(over_, true)) return;
    stream_->forget_peer();
    const bool reads = kind_ == Kind::head || kind_ == Kind::body;
    if (reads && !answered_) complain("no answer");
    // Of an orderly end, in a drain, who does not read hears when it reads again.
    if (reads || faults_.endpoints || orderly) return;
    // A flood is slow to fill the buffers, and until then makes progress.
    const Duration longest = kind_ == Kind::reader ? timeouts.write : 2 * timeouts.write;
    if (scheduler_.now() > started_ + longest + 2 * slack) complain("ended too late");
}

void SlowClient::complain(const std::string &text) {
    if (!complaint_.empty()) return;
    scheduler_.trace(stream_.get(), text);
    static constexpr std::string_view kinds[]{"head", "body", "reader", "flood"};
    complaint_ =
        "slow client: " + text + " (" + std::string{kinds[static_cast<std::size_t>(kind_)]} + ")";
}

}  // namespace uvoy::sim
