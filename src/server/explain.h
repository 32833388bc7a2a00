#pragma once

#include "config/config.h"
#include "server/admin_json.h"
#include "server/server_view.h"

#include <string>
#include <vector>

namespace uvoy::server {

/// One request that nobody sends.
struct Question {
    std::string method;
    std::string url;  ///< "http://host:port/path?query"; without a host: "/path?query"
    std::vector<std::string> headers;  ///< "Name: value"
    std::vector<std::string> down;     ///< names of endpoints that are out
    std::string client = "127.0.0.1";
};

struct Explanation {
    Json json;
    bool routed = false;  ///< a route took it
};

/// What uvoy would do with the request and why, found out by the code that would do it: the core,
/// the route table and a snapshot of the cluster.  Throws std::invalid_argument for a question that
/// cannot be asked.
Explanation explain(const config::Config &config, const Question &question);

/// The same for the configuration in use and the endpoints as they are now; `down` has no meaning.
/// Counts nothing and spends no token.
Explanation explain(const ServerView &view, const Question &question);

/// Either for people.
std::string explanation_text(const Json &explanation);

}  // namespace uvoy::server
