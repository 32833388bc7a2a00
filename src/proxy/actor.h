#pragma once

#include "base/timer_wheel.h"
#include "proxy/ports.h"

namespace uvoy::proxy {

class Succession;

/// One end of a connection inside the core.  It never destroys itself: it becomes done, and the
/// Proxy destroys it when the event is over.  Whoever changes an actor touches it
/// (Proxy::touch()), so that the Proxy asks what it wants.
class Actor : public TransportEvents, public Alarm {
public:
    Actor() = default;
    virtual ~Actor() = default;

    Actor(const Actor &) = delete;
    Actor &operator=(const Actor &) = delete;

    /// Does what the event left for its end, which may touch actors, itself too: then it is called
    /// again.  Returns when to call on_deadline(), TimePoint::max() = never; or `done`.
    virtual TimePoint settle(TimePoint now) = 0;
    /// Nothing refers to it any more, and nothing will.
    static constexpr TimePoint done = TimePoint::min();
    virtual void on_deadline(TimePoint now) = 0;
    /// Its Proxy has a successor: true if it went there, as it does between two exchanges.
    virtual bool follow(const Succession &succession, TimePoint now) = 0;

private:
    friend class Proxy;

    Actor *next_touched_ = nullptr;
    bool touched_ = false;
    Actor *previous_ = nullptr;  // of all actors of the Proxy
    Actor *next_ = nullptr;
};

}  // namespace uvoy::proxy
