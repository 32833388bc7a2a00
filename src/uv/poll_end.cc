#include "uv/poll_end.h"

#include "uv/loop.h"

#include <memory>

namespace uvoy::uv {

PollEnd::PollEnd(Loop &loop, Delegate<void()> on_end) : on_end_{on_end} {
    auto check = std::make_unique<uv_check_t>();
    require(uv_check_init(&loop.raw(), check.get()), "uv_check_init");
    check_.reset(check.release());
    check_->data = this;
    auto idle = std::make_unique<uv_idle_t>();
    require(uv_idle_init(&loop.raw(), idle.get()), "uv_idle_init");
    idle_.reset(idle.release());
}

void PollEnd::ask() {
    // Both are no more than links in a list of the loop, and do nothing when active already.
    uv_idle_start(idle_.get(), [](uv_idle_t *) {});
    uv_check_start(check_.get(), [](uv_check_t *handle) {
        auto &self = *static_cast<PollEnd *>(handle->data);
        uv_check_stop(self.check_.get());
        uv_idle_stop(self.idle_.get());
        self.on_end_();
    });
}

}  // namespace uvoy::uv
