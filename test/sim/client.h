#pragma once

#include "message.h"
#include "stream.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::sim {

/// What may go wrong in a run.
struct Faults {
    bool endpoints = false;  ///< refuse, hang, reset, truncate, send garbage
    bool clients = false;    ///< give up, stall, send garbage
    bool stale = false;      ///< one endpoint closes connections between requests
};

/// What is wrong with the answer to `plan`, by content or by status; empty if nothing is.
std::string fault_of(const Plan &plan, const Message &answer, const Faults &faults);

/// A client on one connection: sends its requests, in pieces and perhaps ahead of the answers, and
/// holds every answer against the plan of its request.
class Client final : public Peer {
public:
    using Connect = std::function<std::shared_ptr<Stream>(Peer &)>;

    Client(Scheduler &scheduler, const Faults &faults, std::vector<std::uint64_t> ids,
           Connect connect, std::string &complaint);
    ~Client();

    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    void start();

    /// Nothing more will happen on its own account.
    bool done() const { return unsent_.empty() && waiting_.empty(); }
    std::size_t answered() const { return answered_; }
    std::size_t good() const { return good_; }

    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_reset() override;
    void on_room() override { send_more(); }

private:
    void connect();
    void send_next();
    void send_more();
    void read_answers();
    void check(const Plan &plan, const Message &answer);
    void begin_tunnel(const Message &answer);
    void end_tunnel();
    void complain(std::string text);
    void connection_lost(bool orderly);

    Scheduler &scheduler_;
    Faults faults_;
    Connect connect_;
    std::shared_ptr<Stream> stream_;
    std::deque<std::uint64_t> unsent_;   // requests not yet begun
    std::deque<std::uint64_t> waiting_;  // sent, in part or whole, and not answered
    std::string output_;                 // of the current request
    std::string input_;
    std::string &complaint_;  // the run's first
    bool pipelines_ = false;
    bool half_closes_ = false;
    bool ended_ = false;
    bool tunnel_ = false;        // the connection speaks no HTTP any more; waiting_ is its request
    bool tunnel_heard_ = false;  // the endpoint's side of it has ended
    bool finished_ = false;      // half-closed by us
    bool close_announced_ = false;  // what was sent behind is not taken up
    std::uint32_t attempts_ = 0;
    std::size_t answered_ = 0;
    std::size_t good_ = 0;
};

}  // namespace uvoy::sim
