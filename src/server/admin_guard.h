#pragma once

#include "http/head.h"
#include "server/steering.h"

#include <optional>
#include <string_view>

namespace uvoy::server {

/// Refuses what a web page could make a browser send to a TCP address: requests under a name that
/// the page rebinds to this address, and those of another origin.  None: it may pass.
std::optional<Refusal> refuse_browser_tricks(const http::RequestHead &head);

/// Refuses what a page of another origin makes a browser ask, by what browsers say of it
/// (W3C Fetch Metadata): it could not read the answer, but answers take time and change what the
/// next scrape tells.  A link may be followed.
std::optional<Refusal> refuse_foreign_page(const http::RequestHead &head);

/// Refuses a change without `Content-Type: application/json` and the header `X-Uvoy-Admin`: a page
/// cannot send either to another origin unless that agrees, which nobody here does.
std::optional<Refusal> refuse_simple_change(const http::RequestHead &head);

}  // namespace uvoy::server
