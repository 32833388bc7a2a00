#pragma once

#include "http/head.h"
#include "proxy/proxy.h"

#include <string_view>

namespace uvoy::server {

/// Whether the client names text/html among what it accepts, as browsers do; `*/*` alone, which
/// programs say, does not count.
bool wants_page(const http::RequestHead &head);

/// The page for operators, with a policy under which nothing but itself runs in it.
proxy::LocalAnswer page_answer();

/// What ui/embed.py makes of the files beside it: one document, and the Content-Security-Policy
/// that names its style and its script by their hashes.
extern const std::string_view ui_document;
extern const std::string_view ui_policy;

}  // namespace uvoy::server
