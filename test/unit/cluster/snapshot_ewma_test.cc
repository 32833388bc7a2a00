#include "cluster/snapshot.h"

#include <doctest/doctest.h>

#include <functional>
#include <queue>

#include "members.h"

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;

/// What an endpoint does with a request.
struct Behaviour {
    Duration latency = 10ms;
    bool fails = false;
};

/// A cluster of the policy peak_ewma under load, in simulated time.
class Play {
public:
    explicit Play(const std::vector<std::uint32_t> &weights)
        : behaviours(weights.size()),
          membership_{std::make_shared<const Membership>(endpoints(weights),
                                                         Balancing{.policy = Policy::peak_ewma})},
          snapshot_{membership_, std::vector<EndpointState>(weights.size())} {}

    /// Requests at equal distances.  How many each endpoint gets.
    std::vector<int> run(Duration time, Duration distance) {
        std::vector<int> picks(behaviours.size());
        for (const TimePoint end = now_ + time; now_ < end; now_ += distance) {
            answer();
            const std::uint16_t index = pick();
            ++picks[index];
            endpoint(index).enter();
            under_way_.push({now_ + behaviours[index].latency, index, behaviours[index]});
        }
        return picks;
    }

    std::uint16_t pick() {
        const std::uint16_t index = snapshot_.pick(
            {.hash = 0, .random = random_, .cursor = cursor_, .tried = {}, .now = now_});
        REQUIRE(index != no_endpoint);
        return index;
    }
    Endpoint &endpoint(std::uint16_t index) { return *snapshot_.endpoint(index); }
    void observe(std::uint16_t index, Duration latency) {
        endpoint(index).latency.observe(latency, now_);
    }
    /// Of so many picks at this moment.
    std::vector<int> picks(int count) {
        std::vector<int> result(behaviours.size());
        for (int i = 0; i < count; ++i) ++result[pick()];
        return result;
    }
    void wait(Duration time) { now_ += time; }

    std::vector<Behaviour> behaviours;

private:
    struct Request {
        TimePoint answered;
        std::uint16_t index;
        Behaviour behaviour;

        bool operator>(const Request &other) const { return answered > other.answered; }
    };

    void answer() {
        while (!under_way_.empty() && under_way_.top().answered <= now_) {
            const Request request = under_way_.top();
            under_way_.pop();
            Endpoint &at = endpoint(request.index);
            at.leave();
            const Duration latency = request.behaviour.latency;
            if (request.behaviour.fails) at.latency.observe_failure(latency, request.answered);
            else at.latency.observe(latency, request.answered);
        }
    }

    std::shared_ptr<const Membership> membership_;
    Snapshot snapshot_;
    Random random_{5};
    std::uint32_t cursor_ = 0;
    TimePoint now_{1'000s};
    std::priority_queue<Request, std::vector<Request>, std::greater<>> under_way_;
};

int sum(const std::vector<int> &numbers) {
    int result = 0;
    for (const int number : numbers) result += number;
    return result;
}

}  // namespace

TEST_CASE("peak ewma gives equal endpoints equal shares") {
    Play play{equal_weights(5)};
    for (const int picks : play.run(20s, 1ms)) CHECK(picks > 20'000 / 5 * 9 / 10);
}

TEST_CASE("peak ewma gives a slow endpoint less than the others") {
    Play play{equal_weights(4)};
    play.behaviours[2].latency = 100ms;
    const auto picks = play.run(20s, 1ms);
    CHECK(picks[2] < sum(picks) / 20);
    CHECK(picks[2] > 0);
    for (const std::size_t i : {0U, 1U, 3U}) CHECK(picks[i] > sum(picks) / 4);
}

TEST_CASE("peak ewma does not take an endpoint that fails fast for a fast one") {
    Play play{equal_weights(4)};
    play.behaviours[1] = {.latency = 50us, .fails = true};
    for (const Duration distance : {Duration{1ms}, Duration{20ms}}) {
        const auto picks = play.run(30s, distance);
        CHECK(picks[1] < sum(picks) / 50);
    }
    // Even where failures take as long as answers.
    play.behaviours[1].latency = 10ms;
    const auto picks = play.run(30s, 1ms);
    CHECK(picks[1] < sum(picks) / 50);
}

TEST_CASE("peak ewma comes back to an endpoint that is well again") {
    Play play{equal_weights(4)};
    play.behaviours[3] = {.latency = 1s, .fails = true};
    const auto ill = play.run(10s, 1ms);
    CHECK(ill[3] < sum(ill) / 50);
    play.behaviours[3] = {};
    play.run(70s, 1ms);
    const auto well = play.run(10s, 1ms);
    CHECK(well[3] > sum(well) / 5);
}

TEST_CASE("peak ewma counts what an endpoint has to do per weight") {
    Play play{{1, 2, 4}};
    for (std::uint16_t index = 0; index < 3; ++index) play.observe(index, 10ms);
    SUBCASE("idle ones get their weight") {
        const auto picks = play.picks(70'000);
        for (std::size_t i = 0; i < 3; ++i)
            CHECK(picks[i] == doctest::Approx(10'000 << i).epsilon(0.05));
    }
    SUBCASE("and under load") {
        for (Behaviour &behaviour : play.behaviours) behaviour.latency = 100ms;
        const auto picks = play.run(20s, 1ms);
        for (std::size_t i = 0; i < 3; ++i)
            CHECK(picks[i] == doctest::Approx((20'000 / 7) << i).epsilon(0.1));
    }
}

TEST_CASE("peak ewma weighs time against requests in flight") {
    Play play{equal_weights(2)};
    play.observe(0, 10ms);
    play.observe(1, 35ms);
    CHECK(play.picks(100) == std::vector<int>{100, 0});
    play.endpoint(0).in_flight = 2;  // three with the new one: 30 ms
    CHECK(play.picks(100) == std::vector<int>{100, 0});
    play.endpoint(0).in_flight = 3;
    CHECK(play.picks(100) == std::vector<int>{0, 100});
}

TEST_CASE("peak ewma takes an endpoint that it never saw for as fast as the other") {
    Play play{equal_weights(2)};
    for (const Duration latency : {Duration{1ms}, Duration{5s}}) {
        play.observe(0, latency);
        for (const int picks : play.picks(1'000)) CHECK(picks > 400);
        play.endpoint(1).in_flight = 1;
        CHECK(play.picks(100) == std::vector<int>{100, 0});
        play.endpoint(1).in_flight = 0;
    }
}

TEST_CASE("peak ewma counts requests in flight when all times are long ago") {
    Play play{equal_weights(2)};
    play.observe(0, 1ms);
    play.observe(1, 1s);
    play.wait(600s);
    for (const int picks : play.picks(1'000)) CHECK(picks > 400);
    play.endpoint(0).in_flight = 1;
    CHECK(play.picks(100) == std::vector<int>{0, 100});
}

}  // namespace uvoy::cluster
