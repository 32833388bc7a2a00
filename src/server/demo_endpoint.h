#pragma once

#include "uv/fd.h"

namespace uvoy::server {

/// The process of one endpoint of the demo: answers every request on `listening` with what it got.
/// Ends when the process `parent` does.
int run_demo_endpoint(uv::FileDescriptor listening, int parent);

}  // namespace uvoy::server
