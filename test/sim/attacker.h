#pragma once

#include "attack.h"
#include "client.h"
#include "message.h"
#include "stream.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace uvoy::sim {

/// A client that sends good requests, a malformed one behind them, and behind that requests that
/// nobody may ever see, all ahead of the answers and in pieces.  Each good request must have its
/// answer, the malformed one exactly one error, and then the connection ends.
class Attacker final : public Peer {
public:
    using Connect = std::function<std::shared_ptr<Stream>(Peer &)>;

    /// `ids` are of good requests, which may be sent ahead of answers.
    Attacker(Scheduler &scheduler, const Faults &faults, const Attack &attack,
             std::deque<std::uint64_t> ids, Connect connect, std::string &complaint);
    ~Attacker();

    Attacker(const Attacker &) = delete;
    Attacker &operator=(const Attacker &) = delete;

    void start();
    bool done() const { return over_; }

    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_reset() override;
    void on_room() override {}

private:
    void send_more();
    void read_answers();
    void check_refusal(const Message &answer);
    void end();
    void complain(const std::string &text);

    Scheduler &scheduler_;
    const Faults &faults_;
    const Attack &attack_;
    std::deque<std::uint64_t> waiting_;
    Connect connect_;
    std::string &complaint_;
    std::shared_ptr<Stream> stream_;
    std::string output_;
    std::string input_;
    TimePoint refused_at_{};
    bool close_announced_ = false;
    bool refused_ = false;
    bool over_ = false;
};

}  // namespace uvoy::sim
