#pragma once

#include <stdexcept>
#include <string>

namespace uvoy::server {

/// uvoy cannot start.  One line that says which key of the configuration is concerned and what to
/// do, e.g. "/listeners/web/address: 127.0.0.1:80: address already in use; ...".
class StartError : public std::runtime_error {
public:
    StartError(const std::string &pointer, const std::string &text)
        : std::runtime_error{pointer + ": " + text} {}
};

/// One step of a JSON pointer (RFC 6901).
std::string pointer_step(const std::string &name);

}  // namespace uvoy::server
