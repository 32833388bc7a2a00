#pragma once

#include "proxy/runtime.h"
#include "server/dns_lookup.h"

#include <map>
#include <string>

namespace uvoy::server {

/// What DNS says of clusters, by name.
using FirstAnswers = std::map<std::string, DnsLookup::Outcome>;

/// Asks for the endpoints of those clusters of `next` that `former` has not asked for, all at the
/// same time.  Blocks, at most for DnsLookup::longest: nobody is to find such a cluster empty.
FirstAnswers ask_first(const proxy::Runtime &former, const proxy::Runtime &next);

}  // namespace uvoy::server
