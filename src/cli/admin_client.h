#pragma once

#include "config/address.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace uvoy::cli {

/// Nobody answers at the admin address; what() is a line for people.
class Unreachable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct AdminAnswer {
    int status = 0;
    std::string body;

    bool ok() const { return status >= 200 && status < 300; }
};

/// Asks the admin API of a running uvoy, one connection a request, and waits for the answer.
class AdminClient {
public:
    explicit AdminClient(config::Address address) : address_{std::move(address)} {}

    /// Throws Unreachable, also when no answer comes within a minute.
    AdminAnswer get(std::string_view path) const { return ask("GET", path, {}); }
    /// The same with a method that changes something; `json` may be empty.
    AdminAnswer change(std::string_view method, std::string_view path,
                       std::string_view json = {}) const {
        return ask(method, path, json);
    }

private:
    AdminAnswer ask(std::string_view method, std::string_view path, std::string_view json) const;

    config::Address address_;
};

}  // namespace uvoy::cli
