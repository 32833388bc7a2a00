#pragma once

#include "server/descriptor_channel.h"

#include <optional>
#include <string_view>
#include <utility>

namespace uvoy::server {

/// The process whose place this one takes: see Successor.
class Predecessor {
public:
    /// Of the environment, with its equals sign: number of the channel's descriptor.
    static constexpr std::string_view variable = "UVOY_PREDECESSOR=";

    /// Takes what it gives: its listening sockets are inherited, and its hash seed.  None: there is
    /// no predecessor.  Throws std::runtime_error if it is gone.
    static std::optional<Predecessor> from_environment();

    /// It may stop accepting.  False: it has given up waiting.
    bool tell_ready() const;

private:
    explicit Predecessor(DescriptorChannel channel) : channel_{std::move(channel)} {}

    void receive() const;

    DescriptorChannel channel_;
};

}  // namespace uvoy::server
