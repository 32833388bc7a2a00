#include "server/descriptor_limit.h"

#include "server/start_error.h"

#include <doctest/doctest.h>

#include <string>

using namespace uvoy::server;

namespace {

constexpr DescriptorUse use{.workers = 4, .listening = 8, .endpoints = 24};
constexpr std::size_t reserved = 64 + 4 * 8 + 8 + 24;

std::string complaint(std::uint64_t descriptors, std::size_t configured) {
    try {
        plan_connections(descriptors, configured, use);
        return "";
    } catch (const StartError &error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("without a configured limit descriptors decide how many clients fit") {
    CHECK(plan_connections(reserved + 20'000, 0, use) == 10'000);
    CHECK(plan_connections(reserved + 20'001, 0, use) == 10'000);
}

TEST_CASE("an infinite number of descriptors is not an infinite number of clients") {
    CHECK(plan_connections(~std::uint64_t{0}, 0, use) == 10'000'000);
}

TEST_CASE("a configured limit that fits is taken") {
    CHECK(plan_connections(reserved + 200, 100, use) == 100);
    CHECK(plan_connections(reserved + 200, 1, use) == 1);
}

TEST_CASE("a configured limit that does not fit is an error that says what to do") {
    CHECK(complaint(reserved + 199, 100) ==
          "/limits/connections: 100 connections need 328 descriptors, but RLIMIT_NOFILE is 327; "
          "raise it (LimitNOFILE= of the systemd unit, or ulimit -Hn), or lower the limit");
}

TEST_CASE("too few descriptors for anything are an error") {
    CHECK(complaint(10, 0) ==
          "/limits/connections: 8 connections need 144 descriptors, but RLIMIT_NOFILE is 10; "
          "raise it (LimitNOFILE= of the systemd unit, or ulimit -Hn)");
    CHECK(complaint(reserved + 15, 0) != "");
    CHECK(complaint(reserved + 16, 0) == "");
}
