#pragma once

#include "server/descriptor_channel.h"
#include "server/endpoint_memory.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::server {

/// The process whose place this one takes: see Successor.
class Predecessor {
public:
    /// Of the environment, with its equals sign: number of the channel's descriptor.
    static constexpr std::string_view variable = "UVOY_PREDECESSOR=";

    /// Before what it knows of endpoints (endpoint_memory.h), and all of another message.  Other
    /// versions may not say this, or not listen to it.
    static constexpr std::string_view endpoints_prefix = "endpoints ";
    static constexpr std::string_view resting_text = "resting";
    /// Before the name of the sockets that the message brings; others have none.
    static constexpr std::string_view named_prefix = "named ";

    /// Takes what it gives: its listening sockets are inherited, and its hash seed.  None: there is
    /// no predecessor.  Throws std::runtime_error if it is gone.
    static std::optional<Predecessor> from_environment();

    const std::vector<EndpointMemory> &endpoints() const { return endpoints_; }
    /// An operator has taken it out of the rotation.
    bool resting() const { return resting_; }

    /// It may stop accepting.  False: it has given up waiting.
    bool tell_ready() const;

private:
    explicit Predecessor(DescriptorChannel channel) : channel_{std::move(channel)} {}

    void receive();

    DescriptorChannel channel_;
    std::vector<EndpointMemory> endpoints_;
    bool resting_ = false;
};

}  // namespace uvoy::server
