#include "uv/signal.h"

#include "uv/loop.h"

namespace uvoy::uv {

Signal::Signal(Loop &loop, int signum, Delegate<void()> on_signal) : on_signal_{on_signal} {
    auto handle = std::make_unique<uv_signal_t>();
    require(uv_signal_init(&loop.raw(), handle.get()), "uv_signal_init");
    handle_.reset(handle.release());
    handle_->data = this;
    require(uv_signal_start(
                handle_.get(),
                [](uv_signal_t *signal, int) { static_cast<Signal *>(signal->data)->on_signal_(); },
                signum),
            "uv_signal_start");
}

}  // namespace uvoy::uv
