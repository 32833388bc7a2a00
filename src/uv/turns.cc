#include "uv/turns.h"

#include "uv/loop.h"

namespace uvoy::uv {

Turns::Turns(Loop &loop, Delegate<void()> on_begin, Delegate<void()> on_end)
    : loop_{loop}, on_begin_{on_begin}, on_end_{on_end} {
    loop_.enter(*this);
}

Turns::~Turns() { loop_.leave(*this); }

void Turns::hurry() { loop_.hurry(); }

void Turns::end() {
    const Loop::Callback callback{loop_};
    on_end_();
}

}  // namespace uvoy::uv
