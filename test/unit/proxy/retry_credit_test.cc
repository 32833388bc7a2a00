#include "proxy/retry_credit.h"

#include <doctest/doctest.h>

namespace uvoy::proxy {

namespace {

/// Whether the credit is good after so many tries, of which every `period`th is late.
bool good_after(int tries, int period, std::uint32_t ratio) {
    RetryCredit credit;
    for (int i = 1; i <= tries; ++i) {
        if (i % period == 0) credit.spend();
        else credit.earn(ratio);
    }
    return credit.good();
}

}  // namespace

TEST_CASE("a few endpoints that are late leave the credit good for ever") {
    CHECK(good_after(100'000, 6, 2000));
    CHECK(good_after(100'000, 11, 1000));
}

TEST_CASE("when more of the tries are late than answers pay for, it is spent") {
    CHECK_FALSE(good_after(100'000, 5, 2000));
    CHECK_FALSE(good_after(100'000, 2, 5000));
    CHECK_FALSE(good_after(50, 1, 10'000));
}

TEST_CASE("what is short does not count, nor does what is long past") {
    RetryCredit credit;
    for (int i = 0; i < 49; ++i) credit.spend();
    CHECK(credit.good());
    for (int i = 0; i < 1'000'000; ++i) credit.spend();
    CHECK_FALSE(credit.good());
    for (int i = 0; i < 250; ++i) credit.earn(2000);
    CHECK_FALSE(credit.good());
    for (int i = 0; i < 5; ++i) credit.earn(2000);
    CHECK(credit.good());
    for (int i = 0; i < 1'000'000; ++i) credit.earn(2000);
    for (int i = 0; i < 51; ++i) credit.spend();
    CHECK_FALSE(credit.good());
}

TEST_CASE("a ratio of nothing earns nothing") { CHECK_FALSE(good_after(1000, 10, 0)); }

}  // namespace uvoy::proxy
