#pragma once

#include "proxy/proxy.h"
#include "server/admin_budget.h"
#include "server/admin_changes.h"
#include "server/server_view.h"
#include "server/steering.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace uvoy::server {

/// What the admin API answers.  GET and HEAD change nothing; what changes something is a POST that
/// no web page can send (admin_guard.h).
class AdminService final : public proxy::Service {
public:
    enum class Guard : std::uint8_t {
        none,   ///< only users of this machine can connect: a Unix socket
        names,  ///< refuses host names, which is how a browser comes here by DNS rebinding
    };

    /// `steering` may be null: then every change is refused.
    AdminService(const ServerView &view, Guard guard, Steering *steering = nullptr);

    AdminService(const AdminService &) = delete;
    AdminService &operator=(const AdminService &) = delete;

    /// What it tells of from now on.
    void show(const ServerView &view) { view_.emplace(view); }

    proxy::ServiceReply serve(const http::RequestHead &head, std::string_view path,
                              std::string_view query) override;

private:
    using Page = proxy::LocalAnswer (AdminService::*)() const;

    /// Of what has no JSON and no parameters; null: it is no such path.
    static Page page_of(std::string_view path);
    /// Guards `change`, which gets the body, of at most `most` bytes.
    static proxy::ServiceReply take(const http::RequestHead &head, std::size_t most,
                                    std::function<proxy::LocalAnswer(std::string_view)> change);

    /// The answer, or 503 while answers have taken too much of the loop's time.
    proxy::LocalAnswer within_budget(const std::function<proxy::LocalAnswer()> &answer);

    proxy::LocalAnswer index() const;
    /// What index() is for a browser.
    proxy::LocalAnswer page() const;
    proxy::LocalAnswer health() const;
    /// Whether a load balancer before this one should send requests here.  Endpoints do not count:
    /// taking every uvoy out when a cluster is down would only hide why.
    proxy::LocalAnswer ready() const;
    proxy::LocalAnswer metrics() const;

    std::optional<ServerView> view_;  // never empty
    Guard guard_;
    AdminChanges changes_;
    AdminBudget budget_;
};

}  // namespace uvoy::server
