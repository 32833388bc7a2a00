#include "uv/handle.h"

#include "base/log.h"
#include "uv/loop.h"

#include <cstdlib>

namespace uvoy::uv {

void touch(const uv_loop_t *loop) { static_cast<Loop *>(loop->data)->touch(); }

void require(int status, const char *call) {
    if (status >= 0) return;
    log::error("{} failed: {}", call, uv_strerror(status));
    std::abort();
}

}  // namespace uvoy::uv
