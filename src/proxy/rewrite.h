#pragma once

#include "base/text_buffer.h"
#include "http/framing.h"
#include "http/head.h"
#include "proxy/request_rules.h"

#include <string>
#include <string_view>

/// What a message looks like on the other side of the proxy (RFC 9110 section 7.6).  Pure.
namespace uvoy::proxy {

/// What the forwarded request head says beside what the client sent.
struct RequestRewrite {
    std::string_view path;   ///< or "*"
    std::string_view query;  ///< without "?"
    bool has_query = false;  ///< "/a?" is not "/a"
    std::string_view host;   ///< value of Host
    std::string_view via;    ///< our pseudonym
    std::string_view peer;   ///< address of whoever sent it to us
    std::string_view chain;  ///< of the addresses before the peer's; empty = not told
    std::string_view forwarded_proto;
    std::string_view forwarded_host;
    bool trusts_peer = false;  ///< its other X-Forwarded-* fields go on
    std::string_view request_id;
    /// Of the trace that begins here, in place of what the client said of one; empty = it goes on.
    std::string_view traceparent;
    std::string_view upgrade;  ///< protocol to switch to; empty = none
    Course course;
    http::Framing framing;
};

/// Appends the head for an endpoint.  Hop-by-hop fields and those that Connection nominates are
/// left out, but for those that framing, routing or security rest on; so are those that speak for
/// a proxy before us, unless it is trusted.
void append_request_head(TextBuffer &out, const http::RequestHead &head,
                         const RequestRewrite &rewrite);

/// What the client is told about the connection.
enum class Persistence : std::uint8_t { implied, keep_alive, close };

struct ResponseRewrite {
    http::Framing framing;  ///< as it will be sent to the client
    Persistence persistence = Persistence::implied;
    std::string_view upgrade;       ///< protocol that was switched to; empty = none
    std::string_view date;          ///< added if the endpoint sent none
    std::string_view via;           ///< our pseudonym
    std::string_view set_cookie{};  ///< added to those of the endpoint; empty = none
};

void append_response_head(TextBuffer &out, const http::ResponseHead &head,
                          const ResponseRewrite &rewrite);

/// Appends the trailer section that the other side gets, with its last empty line.
void append_trailers(std::string &out, const http::Fields &trailers);

/// The first protocol in Upgrade that Connection asks for and `allowed(token)` accepts; empty if
/// there is none.
template <typename Allowed>
std::string_view wanted_upgrade(const http::Fields &fields, Allowed &&allowed) {
    if (!fields.has(http::FieldId::upgrade)) return {};
    bool nominated = false;
    for (const http::Field &field : fields) {
        if (field.id != http::FieldId::connection) continue;
        http::for_each_element(field.value, [&](std::string_view element) {
            if (http::equals_ignoring_case(element, "upgrade")) nominated = true;
        });
    }
    if (!nominated) return {};
    std::string_view found;
    for (const http::Field &field : fields) {
        if (field.id != http::FieldId::upgrade) continue;
        http::for_each_element(field.value, [&](std::string_view element) {
            if (found.empty() && allowed(element)) found = element;
        });
    }
    return found;
}

}  // namespace uvoy::proxy
