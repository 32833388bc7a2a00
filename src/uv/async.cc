#include "uv/async.h"

#include "uv/loop.h"

namespace uvoy::uv {

Async::Async(Loop &loop, Delegate<void()> on_wake) : on_wake_{on_wake} {
    auto handle = std::make_unique<uv_async_t>();
    require(uv_async_init(&loop.raw(), handle.get(),
                          [](uv_async_t *async) {
                              const Loop::Callback callback{async->loop};
                              static_cast<Async *>(async->data)->on_wake_();
                          }),
            "uv_async_init");
    handle_.reset(handle.release());
    handle_->data = this;
}

void Async::send() { require(uv_async_send(handle_.get()), "uv_async_send"); }

}  // namespace uvoy::uv
