#pragma once

#include "raw_peer.h"

#include <deque>
#include <string>
#include <utility>

namespace uvoy::fuzz {

/// A client that sends what the script says, and in the end holds what it received against what the
/// access log says about it.
class RawClient final : public RawPeer {
public:
    /// One exchange of this client, as it was recorded.
    struct Recorded {
        std::string method;
        int status;
    };

    explicit RawClient(std::string address) : address_{std::move(address)} {}

    const std::string &address() const { return address_; }
    void record(Recorded recorded) { recorded_.push_back(std::move(recorded)); }

    /// One well-formed answer for each exchange, with its status, and nothing else.
    void check_answers() const;

    void send(std::string_view bytes) override {
        sent_ += bytes;
        RawPeer::send(bytes);
    }
    void on_bytes(std::string_view bytes) override { received_ += bytes; }
    void on_end() override { ended_ = true; }

private:
    bool may_be_to_head(const Recorded &exchange) const;

    std::string address_;
    std::deque<Recorded> recorded_;
    std::string sent_;
    std::string received_;
    bool ended_ = false;  // in good order: nothing is missing
};

}  // namespace uvoy::fuzz
