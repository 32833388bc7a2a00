#pragma once

#include "proxy/access_log_line.h"
#include "proxy/failure.h"
#include "stats/counter.h"
#include "stats/fields.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::server {

/// A failed exchange, or a failed try of one, as it is kept.  Long texts are cut.
struct FlightRecord {
    std::int64_t time = 0;    ///< of its end, milliseconds since 1970
    std::uint64_t order = 0;  ///< counts the records of its worker
    proxy::Failure failure;
    bool retried = false;  ///< a try; another one followed
    int status = 0;        ///< 0: there was none
    std::uint32_t attempts = 0;
    Duration duration{};
    Duration wait{-1};  ///< negative: it did not come to it; so are the next two
    Duration connect{-1};
    Duration first_byte{-1};
    std::string listener{};
    std::string route{};
    std::string cluster{};
    std::string endpoint{};
    std::string method{};
    std::string client{};
    std::string request_id{};
    std::string host{};
    std::string path{};
    std::uint64_t more = 0;  ///< of the same kind came so soon after it that they were not kept
};

/// The last failures of one worker.  They are of one *kind* if reason, route, cluster, endpoint and
/// `retried` are the same.  No kind can push out the others: the oldest of the kind that has the
/// most makes room; and of each only `burst` at once and then `per_second` are kept, so that what
/// is there tells of minutes.
///
/// One thread records, one other reads; neither waits.  Each slot is a seqlock whose words are
/// atomics, stored with release and read with acquire, for then no fence is needed, which TSan
/// would not see.
class FlightRecorder {
public:
    static constexpr std::size_t capacity = 256;
    static constexpr double burst = 16;
    static constexpr double per_second = 2;
    static constexpr std::size_t longest_name = 64;  ///< of listener, route, cluster
    static constexpr std::size_t longest_path = 256;

    FlightRecorder() : slots_{std::make_unique<std::array<Slot, capacity>>()} {}

    FlightRecorder(const FlightRecorder &) = delete;
    FlightRecorder &operator=(const FlightRecorder &) = delete;

    // --- for the worker: no allocation

    void record(const proxy::ExchangeRecord &exchange, const proxy::Failure &failure, bool retried);

    // --- for the control loop

    /// In no order.
    std::vector<FlightRecord> read() const;
    /// All that there were, kept or not.
    std::uint64_t count(Reason reason, bool retried) const {
        return counts_[retried ? 1 : 0][reason].value();
    }

private:
    /// What is copied into a slot; texts come one after the other, in the order of FlightRecord.
    struct Packed {
        static constexpr std::size_t texts = 9;
        static constexpr std::size_t room = 768;

        std::int64_t time;
        std::uint64_t order;
        std::int64_t duration;
        std::int64_t wait;
        std::int64_t connect;
        std::int64_t first_byte;
        std::uint32_t attempts;
        std::int16_t status;
        Reason reason;
        proxy::Phase phase;
        proxy::Side side;
        bool retried;
        std::array<std::uint16_t, texts> sizes;
        std::array<char, room> text;
    };
    static constexpr std::size_t words = (sizeof(Packed) + 7) / 8;

    struct alignas(64) Slot {
        std::atomic<std::uint64_t> version{0};  ///< odd while it is written; 0: never was
        std::atomic<std::uint64_t> more{0};
        std::array<std::atomic<std::uint64_t>, words> content{};
    };

    /// The same reason may have so many kinds; more share.
    static constexpr std::size_t kinds_of_reason = 8;
    static constexpr std::size_t kinds = kinds_of_reason * reason_count;
    static constexpr std::size_t nowhere = capacity;

    /// What the worker knows of a kind.
    struct Kind {
        double tokens = burst;
        std::int64_t filled = 0;       ///< milliseconds since 1970
        std::size_t newest = nowhere;  ///< its last slot, if that is still its own
        std::uint32_t slots = 0;
    };
    struct Owner {
        std::size_t kind = 0;
        std::uint64_t order = 0;
    };

    void keep(const proxy::ExchangeRecord &exchange, const proxy::Failure &failure, bool retried);
    static std::size_t kind_of(const proxy::ExchangeRecord &exchange, Reason reason, bool retried);
    static Packed pack(const proxy::ExchangeRecord &exchange, const proxy::Failure &failure,
                       bool retried);
    static FlightRecord unpack(const Packed &packed);
    static bool take_token(Kind &kind, std::int64_t now);
    std::size_t make_room();
    void write(Slot &slot, const Packed &packed);
    /// False: it was being written.
    static bool read(const Slot &slot, Packed &packed, std::uint64_t &more);

    std::unique_ptr<std::array<Slot, capacity>> slots_;
    std::array<stats::PerReason<stats::Counter>, 2> counts_{};
    // Of the worker alone.
    std::array<Kind, kinds> kinds_{};
    std::array<Owner, capacity> owners_{};
    std::size_t used_ = 0;
    std::uint64_t order_ = 0;
};

}  // namespace uvoy::server
