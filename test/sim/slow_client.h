#pragma once

#include "client.h"
#include "message.h"
#include "stream.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace uvoy::sim {

/// A client that wants to hold a connection for ever, with as few bytes as that takes.  The
/// listener's default timeouts must end it, in time and in the way that fits.
class SlowClient final : public Peer {
public:
    using Connect = std::function<std::shared_ptr<Stream>(Peer &)>;

    enum class Kind : std::uint8_t {
        head,    ///< never comes to the end of its head
        body,    ///< nor of its body
        reader,  ///< asks for much, and takes nothing
        flood,   ///< asks again and again, and takes nothing
    };

    /// `id` is a request that may be sent ahead of answers, and has a large answer; `timeout` is
    /// its route's, 0 = none.
    SlowClient(Scheduler &scheduler, const Faults &faults, Kind kind, std::uint64_t id,
               Duration timeout, Connect connect, std::string &complaint);
    ~SlowClient();

    SlowClient(const SlowClient &) = delete;
    SlowClient &operator=(const SlowClient &) = delete;

    void start();
    bool done() const { return over_; }

    void on_bytes(std::string_view bytes) override;
    void on_end() override { end(true); }
    void on_reset() override { end(false); }
    void on_room() override;

private:
    void drip();
    void check_answer(const Message &answer);
    void end(bool orderly);
    /// When uvoy has to end it; before that it must not.
    TimePoint due() const;
    void complain(const std::string &text);

    Scheduler &scheduler_;
    const Faults &faults_;
    Kind kind_;
    std::uint64_t id_;
    Duration timeout_;
    Connect connect_;
    std::string &complaint_;
    std::shared_ptr<Stream> stream_;
    std::string input_;
    TimePoint started_{};
    TimePoint last_sent_{};
    std::uint32_t drips_left_ = 0;
    std::size_t flooded_ = 0;
    bool answered_ = false;
    bool over_ = false;
};

}  // namespace uvoy::sim
