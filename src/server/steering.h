#pragma once

#include "cluster/endpoint.h"
#include "server/reload_result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace uvoy::server {

/// Why something was not done: an HTTP status and a sentence for the operator.
struct Refusal {
    int status = 409;
    std::string why;
};

/// A change of one endpoint; what is not set stays as it is.
struct EndpointChange {
    std::string cluster;
    std::string endpoint;  ///< its name
    std::optional<cluster::Duty> duty;
    std::optional<std::uint32_t> weight;  ///< 1..1000
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

    /// Takes effect by a publish, within milliseconds; kept by reloads that do not change the
    /// endpoint.
    virtual std::optional<Refusal> change_endpoint(const EndpointChange &change) = 0;
    /// Reads the configuration file again and goes on by what it says now, if there is no mistake
    /// in it; it is done, or not, when this returns.
    virtual ReloadResult reload() = 0;
    /// What a reload would do if the file had this text.
    virtual ReloadResult preview(std::string_view text) const = 0;

protected:
    ~Steering() = default;
};

}  // namespace uvoy::server
