#pragma once

#include "base/time.h"

namespace uvoy::cluster {

/// How long one endpoint stays out: twice as long each time it fails again soon after it came back.
///
/// An ejection counts until the endpoint has been in for as long as it was out, and at least for
/// `first`; each that still counts doubles the next one.
class EjectionBackoff {
public:
    struct Settings {
        Duration first = std::chrono::seconds{5};  ///< zero: nothing has to stay out
        Duration longest = std::chrono::seconds{300};

        friend bool operator==(const Settings &, const Settings &) = default;
    };

    /// `longest` is not below `first`.
    explicit EjectionBackoff(const Settings &settings);

    /// From the next ejection on.
    void set_settings(const Settings &settings) { settings_ = settings; }

    /// The endpoint goes out.  Unless it is `timed` an ejection that follows no other may end at
    /// any moment.
    void on_out(TimePoint now, bool timed);
    /// It comes back; not before until().
    void on_back(TimePoint now);

    bool out() const { return out_; }

    /// Of the present ejection: when it may end.
    TimePoint until() const { return out_since_ + length_; }

    /// Of the present or the last ejection: how long it has to last at least.
    Duration length() const { return length_; }

    /// How many earlier ejections still count.
    unsigned level(TimePoint now) const;

private:
    Duration length_at(unsigned level) const;

    Settings settings_;
    bool out_ = false;
    unsigned level_ = 0;  // when it last came back or went out
    TimePoint out_since_{};
    TimePoint back_since_{};
    Duration length_{};
};

}  // namespace uvoy::cluster
