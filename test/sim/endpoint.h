#pragma once

#include "bad_response.h"
#include "client.h"
#include "message.h"
#include "stream.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace uvoy::sim {

/// What all endpoints of a run have seen.
struct Sightings {
    std::map<std::string, int> non_idempotent;  ///< by request target, whole requests
    std::map<std::uint64_t, const BadResponse *> bad_responses;  ///< by request
    std::size_t requests = 0;
    std::string complaint;
};

/// One connection that an endpoint has accepted: reads requests, holds them against their plans,
/// and answers as planned, or misbehaves.
class EndpointConnection final : public Peer {
public:
    EndpointConnection(Scheduler &scheduler, const Faults &faults, bool flaky, Sightings &sightings)
        : scheduler_{scheduler}, faults_{faults}, flaky_{flaky}, sightings_{sightings} {}
    ~EndpointConnection() {
        if (stream_ != nullptr) stream_->forget_peer();
    }

    EndpointConnection(const EndpointConnection &) = delete;
    EndpointConnection &operator=(const EndpointConnection &) = delete;

    void attach(std::shared_ptr<Stream> stream) {
        stream_ = std::move(stream);
        if (faults_.endpoints && scheduler_.chance(2))
            stream_->stall(std::chrono::seconds{scheduler_.between(1, 90)});
    }

    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_reset() override;
    void on_room() override { send_more(); }

    /// A turn of the core's is about to begin.  Nobody may take what is said now for an answer, so
    /// nothing is under way in either direction.
    void maybe_speak_unasked();

private:
    /// It has broken the rules: no request may come any more, though what a client sends into a
    /// tunnel may.
    enum class Spent : std::uint8_t { no, by_http, by_tunnel, unasked };

    void complain(const std::string &text);
    void answer_early();
    void check(const Message &request, const Plan &plan);
    void answer(const Plan &plan);
    bool misbehave(const Plan &plan);
    void break_rules(const Plan &plan);
    void cut(const Plan &plan);
    void drip(std::string rest);
    void expect_to_be_left(std::string_view request);
    void send_more();
    void close_after_output() { closes_ = true; }

    Scheduler &scheduler_;
    Faults faults_;
    bool flaky_;
    Sightings &sightings_;
    std::shared_ptr<Stream> stream_;
    std::string input_;
    std::string output_;
    std::size_t glued_ = 0;     // bytes behind the last answer that belong to no request
    std::uint64_t tunnel_ = 0;  // the request that switched protocols
    Spent spent_ = Spent::no;
    bool answered_early_ = false;
    bool busy_ = false;  // an answer is being made
    bool closes_ = false;
    bool bursts_out_ = false;  // will say something unasked
    bool finished_ = false;
    bool over_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace uvoy::sim
