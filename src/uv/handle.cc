#include "uv/handle.h"

#include "base/log.h"

#include <cstdlib>

namespace uvoy::uv {

void require(int status, const char *call) {
    if (status >= 0) return;
    log::error("{} failed: {}", call, uv_strerror(status));
    std::abort();
}

}  // namespace uvoy::uv
