#include "uv/loop.h"

#include "base/log.h"
#include "uv/handle.h"

#include <csignal>
#include <cstdlib>

namespace uvoy::uv {

Loop::Loop() : buffer_{std::make_unique_for_overwrite<char[]>(read_buffer_size)} {
    std::signal(SIGPIPE, SIG_IGN);
    require(uv_loop_init(&loop_), "uv_loop_init");
    loop_.data = this;
}

Loop::~Loop() {
    unsigned open = 0;
    uv_walk(
        &loop_,
        [](uv_handle_t *handle, void *count) {
            if (uv_is_closing(handle)) return;
            log::error("the loop ends with an open {} handle",
                       uv_handle_type_name(uv_handle_get_type(handle)));
            ++*static_cast<unsigned *>(count);
        },
        &open);
    if (open > 0) std::abort();
    // What is closing calls back in a turn or two.
    while (uv_loop_close(&loop_) != 0) uv_run(&loop_, UV_RUN_ONCE);
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void Loop::run_once(bool wait) { uv_run(&loop_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT); }

}  // namespace uvoy::uv
