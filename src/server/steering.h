#pragma once

#include <optional>
#include <string>

namespace uvoy::server {

/// Why something was not done: an HTTP status and a sentence for the operator.
struct Refusal {
    int status = 409;
    std::string why;
};

/// What the admin API may change.  On the control loop's thread; none: it is done.
class Steering {
public:
    /// Out of the rotation, or back in: `/readyz` says so, every answer closes its connection, and
    /// idle ones end.  Whoever connects is served nevertheless.
    virtual std::optional<Refusal> set_draining(bool draining) = 0;

    /// Starts the program on disk, which takes this process's place when it is ready;
    /// ServerState::upgrade says how that goes.
    virtual std::optional<Refusal> upgrade() = 0;

protected:
    ~Steering() = default;
};

}  // namespace uvoy::server
