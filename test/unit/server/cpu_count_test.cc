#include "server/cpu_count.h"

#include <doctest/doctest.h>

using namespace uvoy::server;

TEST_CASE("a quota of cgroup v2 is rounded up to whole CPUs") {
    struct Row {
        const char *text;
        std::optional<unsigned> cpus;
    };
    for (const Row &row : {
             Row{"150000 100000\n", 2},
             Row{"200000 100000\n", 2},
             Row{"200001 100000\n", 3},
             Row{"1000 100000\n", 1},
             Row{"50000 50000", 1},
             Row{"max 100000\n", std::nullopt},
             Row{"max\n", std::nullopt},
             Row{"", std::nullopt},
             Row{"100000 0\n", std::nullopt},
             Row{"-1 100000\n", std::nullopt},
             Row{"10 x\n", std::nullopt},
             Row{"99999999999999999999 1\n", std::nullopt},
         }) {
        CAPTURE(row.text);
        CHECK(cpus_of_cpu_max(row.text) == row.cpus);
    }
}

TEST_CASE("a quota of cgroup v1 is rounded up, and -1 means none") {
    CHECK(cpus_of_cfs("250000\n", "100000\n") == 3U);
    CHECK(cpus_of_cfs("-1\n", "100000\n") == std::nullopt);
    CHECK(cpus_of_cfs("", "") == std::nullopt);
}

TEST_CASE("the group of a process is found by hierarchy") {
    constexpr std::string_view both =
        "12:cpuset:/a\n"
        "5:cpu,cpuacct:/docker/123\n"
        "1:name=systemd:/b\n"
        "0::/user.slice/x:y\n";
    CHECK(cgroup_path(both, "") == "/user.slice/x:y");
    CHECK(cgroup_path(both, "cpu") == "/docker/123");
    CHECK(cgroup_path(both, "memory") == std::nullopt);
    CHECK(cgroup_path("0::/\n", "") == "");
    CHECK(cgroup_path("0::/\n", "cpu") == std::nullopt);
    CHECK(cgroup_path("no colons\n\n0::/late", "") == "/late");
}

TEST_CASE("there is always a CPU to use") { CHECK(usable_cpus() >= 1); }
