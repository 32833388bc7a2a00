#pragma once

#include "base/time.h"
#include "proxy/kinship.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace uvoy::proxy {

class Proxy;

/// Where the actors of a Proxy go when they are idle: to the Proxy of another configuration, on
/// the same thread.
class Succession {
public:
    Succession(Proxy &to, Heirs heirs, TimePoint now);

    /// The successor has got one itself, and it may end before those it inherits from.
    void pass_on(Proxy &to, const Heirs &heirs, TimePoint now);

    Proxy &to() const { return *to_; }
    std::optional<std::size_t> listener(std::size_t index) const { return heirs_.listeners[index]; }
    /// By number; of the same server.
    std::optional<EndpointId> endpoint(std::size_t number) const {
        return heirs_.endpoints[number];
    }

    /// Since when a listener has no heir: its clients are drained.
    std::optional<TimePoint> gone_since(std::size_t listener) const { return gone_[listener]; }

private:
    void note_gone(TimePoint now);

    Proxy *to_;
    Heirs heirs_;
    std::vector<std::optional<TimePoint>> gone_;  // by listener
};

}  // namespace uvoy::proxy
