#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "cluster/endpoint_state.h"

namespace uvoy::cluster {

/// How an endpoint whose time out is over shows that it is well again, where only requests can
/// tell: checks found it good all the time.  It gets a small part of its share until one is
/// answered.
///
/// A part so small may be no request at all, so it doubles each second in which none came; at last
/// it is the whole share.  While one waits for its answer the part stays, for that will tell, and
/// while some fail.
class Trial {
public:
    static constexpr std::uint16_t first_share = full_ramp / 64;
    static constexpr Duration patience = std::chrono::seconds{1};
    /// With so many answers from 500 on, and no other, it is no better than it was.
    static constexpr std::uint64_t wrong_answers = 3;

    /// What requests found since the last look.
    struct Sight {
        std::uint64_t answers = 0;
        std::uint64_t errors = 0;     ///< of `answers`: from 500 on
        std::uint64_t failed = 0;     ///< tries: `errors`, and those without an answer
        std::uint32_t in_flight = 0;  ///< at this moment
    };
    enum class Verdict : std::uint8_t {
        open,
        passed,  ///< it is over: somebody was answered, or nobody ever came
        failed,  ///< it goes on; take the endpoint out, or end() it
    };

    void begin(TimePoint now);
    void end() { share_ = full_ramp; }

    /// Only while it is under way.
    Verdict look(const Sight &sight, TimePoint now);

    bool under_way() const { return share_ < full_ramp; }
    /// What part of its share the endpoint gets, in 1/1024.
    std::uint16_t share() const { return share_; }

private:
    std::uint16_t share_ = full_ramp;
    TimePoint quiet_since_{};
    std::uint64_t errors_ = 0;
    std::optional<std::uint64_t> from_before_;  // of the requests in flight; at most so many
};

}  // namespace uvoy::cluster
