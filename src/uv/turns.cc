#include "uv/turns.h"

#include "uv/loop.h"

#include <memory>

namespace uvoy::uv {

Turns::Turns(Loop &loop, Delegate<void()> on_begin, Delegate<void()> on_end)
    : on_begin_{on_begin}, on_end_{on_end} {
    auto prepare = std::make_unique<uv_prepare_t>();
    require(uv_prepare_init(&loop.raw(), prepare.get()), "uv_prepare_init");
    prepare_.reset(prepare.release());
    prepare_->data = this;
    uv_unref(reinterpret_cast<uv_handle_t *>(prepare_.get()));  // nothing to wait for
    uv_prepare_start(prepare_.get(),
                     [](uv_prepare_t *handle) { static_cast<Turns *>(handle->data)->on_begin_(); });
    auto check = std::make_unique<uv_check_t>();
    require(uv_check_init(&loop.raw(), check.get()), "uv_check_init");
    check_.reset(check.release());
    check_->data = this;
    uv_unref(reinterpret_cast<uv_handle_t *>(check_.get()));  // nothing to wait for
    uv_check_start(check_.get(), [](uv_check_t *handle) {
        auto &self = *static_cast<Turns *>(handle->data);
        const Loop::Callback callback{handle->loop};
        uv_idle_stop(self.idle_.get());
        self.on_end_();
    });
    auto idle = std::make_unique<uv_idle_t>();
    require(uv_idle_init(&loop.raw(), idle.get()), "uv_idle_init");
    idle_.reset(idle.release());
}

// No more than a link in a list of the loop, and nothing when it is active already.
void Turns::hurry() {
    uv_idle_start(idle_.get(), [](uv_idle_t *) {});
}

}  // namespace uvoy::uv
