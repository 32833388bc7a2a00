#pragma once

#include "raw_peer.h"
#include "strict_message.h"

#include <deque>
#include <string>

namespace uvoy::fuzz {

/// What all upstream connections of a run share.
struct Replies {
    std::deque<std::string> scripted;  ///< for the next whole requests
    std::size_t requests = 0;          ///< whole ones that arrived
};

/// An upstream connection's far end: checks with a strict reader that nothing but whole,
/// unambiguous requests arrive, one after the other, and answers them.
class RawEndpoint final : public RawPeer {
public:
    /// In an answer of its own making: the client that the request came from.
    static constexpr std::string_view owner_field = "x-fuzz-owner";

    explicit RawEndpoint(Replies &replies) : replies_{replies} {}
    /// Whatever the script wants, whether a request waits for it or not.
    void send(std::string_view bytes) override;

    void on_bytes(std::string_view bytes) override;
    void on_end() override { finish(); }

private:
    void on_request(const StrictMessage &request);

    Replies &replies_;
    std::string received_;
    bool raw_ = false;        // it is not sure any more which bytes answer which request
    bool upgrading_ = false;  // the last request asked for it
    bool tunnel_ = false;     // what arrives may be anything from now on
    bool waiting_ = false;    // a request has no answer
};

}  // namespace uvoy::fuzz
