#include "problems.h"

#include <doctest/doctest.h>

namespace uvoy::config {

TEST_CASE("ten different mistakes give ten lines with the right places and hints") {
    const Loaded loaded = parse_for_test(R"({
  "workers": 0,
  "listeners": {
    "web": {"address": "0.0.0.0:80800", "tls": null}
  },
  "clusters": {
    "api": {
      "endpoints": ["10.0.0.1:8080", "10.0.0.2"],
      "timeouts": {"connect": 2},
      "load_balancing": {"policy": "ringhash"}
    }
  },
  /* grüße */ "shutdown": {"drain_timeout": "2 s"},
  "routes": [
    {"clutser": "api", "respond": {}},
    {"match": {"path": "/a", "path": "/b"}, "cluster": "app"}
  ]
}
)");
    const std::vector<std::string> expected{
        R"(f:2:14: error: /workers: 0 is not in 1..256)",
        R"(f:4:24: error: /listeners/web/address: port 80800 is not in 1..65535)",
        R"(f:4:41: error: /listeners/web/tls: unknown key)",
        R"(f:8:38: error: /clusters/api/endpoints/1: "10.0.0.2" has no port, expected "host:port")",
        R"(f:9:31: error: /clusters/api/timeouts/connect: a bare number has no unit, expected )"
        R"(a duration such as "250ms" or "1m30s" in 1ms..24h)",
        R"(f:10:36: error: /clusters/api/load_balancing/policy: "ringhash" is not known, did you )"
        R"(mean "ring_hash"?)",
        R"(f:13:45: error: /shutdown/drain_timeout: "2 s" is not a duration such as "250ms" or )"
        R"("1m30s" in 0s..24h)",
        R"(f:15:6: error: /routes/0/clutser: unknown key, did you mean "cluster"?)",
        R"(f:16:30: error: /routes/1/match/path: duplicate key, it stands at 16:16 already)",
        R"(f:16:56: error: /routes/1/cluster: there is no cluster "app", did you mean "api"?)"};
    const std::vector<std::string> lines = lines_of(loaded);
    CHECK(lines.size() == 10);
    CHECK(joined(lines) == joined(expected));
    CHECK_FALSE(loaded.config.has_value());
}

namespace {

struct Mistake {
    Parts parts;
    std::string error;  ///< pointer and text
};

void check_all(const std::vector<Mistake> &mistakes) {
    for (const Mistake &mistake : mistakes) {
        const std::string file = file_with(mistake.parts);
        const Loaded loaded = parse_for_test(file);
        CAPTURE(file);
        CAPTURE(joined(lines_of(loaded)));
        REQUIRE(loaded.problems.size() == 1);
        const Problem &problem = loaded.problems[0];
        CHECK(problem.pointer + ": " + problem.text == mistake.error);
    }
}

}  // namespace

TEST_CASE("each mistake in a listener or at the top is told in one line") {
    check_all({
        {{.listener = R"("limits": {"header_bytes": 4096})"},
         R"(/listeners/web/limits/header_bytes: a bare number has no unit, expected a size such )"
         R"(as "64KiB" in 1KiB..1MiB)"},
        {{.listener = R"("limits": {"header_bytes": "2MiB"})"},
         R"(/listeners/web/limits/header_bytes: "2MiB" is not in 1KiB..1MiB)"},
        {{.listener = R"("limits": {"headers": "many"})"},
         "/listeners/web/limits/headers: expected a whole number in 1..1024, got a string"},
        {{.listener = R"("limits": {"headers": 1.5})"},
         "/listeners/web/limits/headers: expected a whole number in 1..1024, without point or "
         "exponent"},
        {{.listener = R"("limits": {"headers": 99999999999999999999})"},
         "/listeners/web/limits/headers: expected a whole number in 1..1024, without point or "
         "exponent"},
        {{.listener = R"("limits": [])"},
         "/listeners/web/limits: expected a set of limits (an object), got an array"},
        {{.listener = R"("timeouts": {"body": "0s"})"},
         R"(/listeners/web/timeouts/body: "0s" is not in 1ms..24h)"},
        {{.listener = R"("trusted_proxies": ["10.1.0.0/8"])"},
         R"(/listeners/web/trusted_proxies/0: "10.1.0.0/8" has bits beyond its prefix, did you )"
         R"(mean "10.0.0.0/8"?)"},
        {{.listener = R"("trusted_proxies": ["10.0.0.0/33"])"},
         R"(/listeners/web/trusted_proxies/0: "10.0.0.0/33" is not a network such as )"
         R"("10.0.0.0/8", an address or "unix")"},
        {{.listener = R"("normalize": {"dot_segments": "reslove"})"},
         R"(/listeners/web/normalize/dot_segments: "reslove" is not known, did you mean )"
         R"("resolve"?)"},
        {{.top = R"("limits": {"memory": "1MiB"})"},
         R"(/limits/memory: "1MiB" is not in 16MiB..1048576GiB)"},
        {{.listener = R"("rate_limits": ["nope"])"},
         R"(/listeners/web/rate_limits/0: there is no rate limit "nope")"},
        {{.top = R"("admin": {"address": "0.0.0.0:3000"})"},
         R"(/admin/address: listener "web" has this address already)"},
        {{.top = R"("admin": {"address": "fd:admin"})"},
         R"(/admin/address: an inherited socket ("fd:NAME") is for listeners)"},
        {{.top = R"("admin": {"mode": "0660"})"}, R"(/admin/mode: belongs to a "unix:" address)"},
        {{.top = R"("admin": {"address": "unix:/s", "mode": 660})"},
         R"(/admin/mode: expected permissions in octal, such as "0660", got a number)"},
        {{.top = R"("admin": {"address": "unix:/s", "mode": "4755"})"},
         R"(/admin/mode: "4755" is not permissions in octal, such as "0660")"},
        {{.top = R"("admin": {"address": "unix:/s", "mode": "0680"})"},
         R"(/admin/mode: "0680" is not permissions in octal, such as "0660")"},
        {{.listener = R"("mode": "0660")"},
         R"(/listeners/web/mode: belongs to a "unix:" address, and there is none)"},
        {{.top = R"("admin": {"address": "example.com:1"})"},
         R"(/admin/address: a listening address needs an IP address or "localhost", not the )"
         R"(name "example.com")"},
        {{.top = R"("admin": true)"}, "/admin: expected an admin API (an object), got true"},
        {{.top = R"("access_log": {"path": "log.json"})"},
         R"(/access_log/path: "log.json" is not "stdout" or the absolute path of a file)"},
        {{.top = R"("access_log": [])"}, "/access_log: has 0 items, expected 1..16"},
        {{.top = R"("access_log": {"format": "combinde"})"},
         R"(/access_log/format: "combinde" is not "json", "combined" or a text with %{field}, )"
         R"(did you mean "combined"?)"},
        {{.top = R"("access_log": {"format": "%{statsu}"})"},
         R"(/access_log/format: %{statsu}: unknown field, did you mean "status"?)"},
        {{.top = R"("access_log": {"format": "%{authorization}"})"},
         "/access_log/format: %{authorization}: unknown field"},
        {{.top = R"("access_log": {"format": "%{status"})"},
         R"(/access_log/format: a "%{" without its "}")"},
        {{.top = R"("access_log": {"format": "%{status} 100%"})"},
         R"(/access_log/format: a percent sign that is not followed by "{"; write "%%" for the )"
         R"(sign)"},
        {{.top = R"("access_log": {"format": "%{status}\n"})"},
         "/access_log/format: a control character in it"},
        {{.top = R"("access_log": {"sample": 10})"},
         R"(/access_log/sample: a bare number has no unit, expected a share such as "50%" in )"
         R"(0%..100%)"},
        {{.top = R"("access_log": {"only": "error"})"},
         R"(/access_log/only: "error" is not known, did you mean "errors"?)"},
        {{.top = R"("workers": "atuo")"}, R"(/workers: "atuo" is not known, did you mean "auto"?)"},
        {{.top = R"("workers": null)"},
         R"(/workers: expected "auto" or a whole number in 1..256, got null)"},
        {{.top = R"("a/b~c": 1)"}, "/a~1b~0c: unknown key"},
        {{.top = R"("Limits": {})"}, R"(/Limits: unknown key, did you mean "limits"?)"},
        {{.top = R"("new\nline": 1)"}, "/new\\nline: unknown key"},
        {{.top = R"("routes": [])"}, "/routes: has 0 items, expected 1..16384"},
    });
}

TEST_CASE("each mistake in a route or a rate limit is told in one line") {
    check_all({
        {{.route = R"("name": "r")"},
         R"(/routes/0: a route needs an action: "cluster" or "respond")"},
        {{.route = R"("cluster": "app", "respond": {})"},
         R"(/routes/0/respond: a route has one action: either "cluster" or "respond")"},
        {{.route = R"("cluster": "app", "match": {"listener": "wbe"})"},
         R"(/routes/0/match/listener: there is no listener "wbe", did you mean "web"?)"},
        {{.route = R"("cluster": "app", "match": {"host": "*"})"},
         R"(/routes/0/match/host: leave "host" out to match any host)"},
        {{.route = R"("cluster": "app", "match": {"host": "a.example:80"})"},
         R"(/routes/0/match/host: "a.example:80" has a port; hosts are matched without it)"},
        {{.route = R"("cluster": "app", "match": {"path": "api"})"},
         R"(/routes/0/match/path: "api" does not begin with "/")"},
        {{.route = R"("cluster": "app", "match": {"path": {"prefix": "/a?b"}})"},
         R"(/routes/0/match/path/prefix: "/a?b" holds "?" or "#", which are not part of a path)"},
        {{.route = R"("cluster": "app", "match": {"path": "/a/../b"})"},
         R"(/routes/0/match/path: never matches: it holds a dot segment, which is resolved or )"
         R"(refused before routes are matched (see "normalize" of the listener))"},
        {{.route = R"("cluster": "app", "match": {"path": {"prefix": "/%61dmin"}})"},
         R"(/routes/0/match/path: never matches: it holds the escape of a letter, digit or one of )"
         R"(-._~, which is decoded before routes are matched (see "normalize" of the listener))"},
        {{.route = R"("cluster": "app", "match": {"path": "/a%2"})"},
         R"(/routes/0/match/path: never matches: it holds a malformed escape, which is refused )"
         R"(before routes are matched (see "normalize" of the listener))"},
        {{.route = R"("cluster": "app", "match": {"host": "a.example."})"},
         R"(/routes/0/match/host: leave the final dot of "a.example." out; hosts are matched )"
         R"(without it)"},
        {{.route = R"("cluster": "app", "match": {"path": {}})"},
         R"(/routes/0/match/path: a path pattern needs the key "prefix")"},
        {{.route = R"("cluster": "app", "upgrades": ["h2c"])"},
         R"(/routes/0/upgrades/0: "h2c" is not "websocket")"},
        {{.route = R"("cluster": "app", "retry": {"on": ["refused", "refused"]})"},
         "/routes/0/retry/on/1: stands in the list already"},
        {{.route = R"("cluster": "app", "hash_key": [])"},
         "/routes/0/hash_key: has 0 items, expected 1..8"},
        {{.route = R"("cluster": "app", "hash_key": ["route"])"},
         R"(/routes/0/hash_key/0: "route" is not one of "path", "host", "client_ip")"},
        {{.route = R"("cluster": "app", "hash_key": [{}])"},
         R"(/routes/0/hash_key/0: needs "header", "query" or "cookie")"},
        {{.route = R"("cluster": "app", "hash_key": [{"header": "a", "cookie": "b"}])"},
         R"(/routes/0/hash_key/0: "header" and "cookie" are two parts: write two objects)"},
        {{.route = R"("cluster": "app", "hash_key": [{"cookie": "a;b"}])"},
         R"(/routes/0/hash_key/0/cookie: "a;b" is not the name of a cookie)"},
        {{.route = R"("cluster": "app", "hash_key": [{"query": "a", "ttl": "1h"}])"},
         R"(/routes/0/hash_key/0: only a "cookie" has a "ttl")"},
        {{.route = R"("cluster": "app", "hash_key": [{"cookie": "a", "ttl": "1"}])"},
         R"(/routes/0/hash_key/0/ttl: "1" is not a duration such as "250ms" or "1m30s" in )"
         R"(0s..24h)"},
        {{.route = R"("cluster": "app", "hash_key": [{"header": "a b"}])"},
         R"(/routes/0/hash_key/0/header: "a b" is not the name of a header)"},
        {{.route = R"("respond": {"status": 101})"},
         "/routes/0/respond/status: 101 is not in 200..599"},
        {{.route = R"("respond": {"status": 204, "body": "x"})"},
         "/routes/0/respond/body: a response with status 204 has no body"},
        {{.route = R"("respond": {"headers": {"Content-Length": "3"}})"},
         R"(/routes/0/respond/headers/Content-Length: "Content-Length" is set by the proxy )"
         R"(itself)"},
        {{.route = R"("respond": {"headers": {"X": "a\r\nb"}})"},
         R"(/routes/0/respond/headers/X: "a\r\nb" is not the value of a header: control )"
         R"(characters, blanks at an end, or over 8192 bytes)"},
        {{.route = R"("cluster": "app"}, {"name": "route-0", "cluster": "app")"},
         R"(/routes/1/name: route 0 is called "route-0" already)"},
        {{.limit = R"("rate": 100)"},
         R"(/rate_limits/l/rate: a bare number has no unit, expected a rate such as "100/s", )"
         R"("6000/m" or "10/h")"},
        {{.limit = R"("rate": "0/s")"},
         R"(/rate_limits/l/rate: "0/s" is not in 1..1000000000 per unit)"},
        {{.limit = R"("rate": "1/d")"},
         R"(/rate_limits/l/rate: "1/d" is not a rate such as "100/s", "6000/m" or "10/h")"},
        {{.limit = R"("burst": 3)"}, R"(/rate_limits/l: a rate limit needs the key "rate")"},
        {{.limit = R"("rate": "1/s", "burst": 0)"},
         "/rate_limits/l/burst: 0 is not in 1..1000000000"},
        {{.limit = R"("rate": "1/s", "dry_run": "yes")"},
         "/rate_limits/l/dry_run: expected true or false, got a string"},
        {{.limit = R"("rate": "1/s", "table": 8)"},
         "/rate_limits/l/table: 8 is not in 1024..268435456"},
        {{.limit = R"("rate": "1/s", "status": 200)"},
         "/rate_limits/l/status: 200 is not in 400..599"},
        {{.limit = R"("rate": "1/s", "key": ["cookie"])"},
         R"(/rate_limits/l/key/0: "cookie" is not one of "path", "host", "client_ip", "route")"},
        {{.limit = R"("rate": "1/s", "key": [{"cookie": "a", "ttl": "1h"}])"},
         "/rate_limits/l/key/0/ttl: belongs to a hash_key: a rate limit sets no cookie"},
        {{.limit = R"("rate": "1/s", "key": ["path", "path"])"},
         "/rate_limits/l/key/1: stands in the list already"},
    });
}

TEST_CASE("endpoints come from the file or from DNS, not from both and not from nowhere") {
    const auto cluster = [](const std::string &inside) {
        return lines_of(parse_for_test(R"({"listeners": {"web": {"address": "0.0.0.0:3000"}},
"clusters": {"app": {)" + inside + "}}}"));
    };
    const std::string missing =
        R"(f:2:21: error: /clusters/app: a cluster needs the key "endpoints" or "discovery")";
    CHECK(joined(cluster("")) == missing + '\n');
    CHECK(cluster(R"("endpoint": ["a:1"])").size() == 1);
    CHECK(cluster(R"("discovery": {"dns": "a:1"})").empty());
    CHECK(joined(cluster(R"("endpoints": ["a:1"], "discovery": {"dns": "a:1"})")) ==
          "f:2:44: error: /clusters/app/discovery: a cluster has either \"endpoints\" or "
          "\"discovery\"\n");
    const auto discovery = [&](const std::string &inside) {
        const auto lines = cluster(R"("discovery": {)" + inside + "}");
        REQUIRE(lines.size() <= 1);
        const auto at = lines.empty() ? 0 : lines[0].find("/clusters/app/discovery") + 23;
        return lines.empty() ? std::string{} : lines[0].substr(at);
    };
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"("dns": "api.internal:80", "record": "A")", ""},
        {R"("dns": "_http._tcp.api.internal", "record": "SRV", "refresh": "5s")", ""},
        {R"("dns": "api:80", "server": "[::1]:5353", "max_endpoints": 1024)", ""},
        {"", R"(: a discovery needs the key "dns")"},
        {R"("dns": "api.internal")",
         R"(/dns: "api.internal" has no port, which only the records of type "SRV" tell)"},
        {R"("dns": "10.0.0.1:80")",
         R"(/dns: "10.0.0.1:80" is no DNS name: it belongs into "endpoints")"},
        {R"("dns": "::1", "record": "SRV")",
         R"(/dns: "::1" is no DNS name: it belongs into "endpoints")"},
        {R"("dns": "unix:/a")", R"(/dns: "unix:/a" is no DNS name: it belongs into "endpoints")"},
        {R"("dns": "a b", "record": "SRV")", R"(/dns: "a b" is not a DNS name)"},
        {R"("dns": "a:0")", "/dns: port 0 is not in 1..65535"},
        {R"("dns": "a:1", "record": "AAAA")", R"(/record: "AAAA" is not one of "A", "SRV")"},
        {R"("dns": "a:1", "server": "dns.internal:53")",
         R"(/server: "dns.internal:53" is not an IP address with a port)"},
        {R"("dns": "a:1", "server": "10.0.0.1")",
         R"(/server: "10.0.0.1" has no port, expected "host:port")"},
        {R"("dns": "a:1", "refresh": 5)",
         "/refresh: a bare number has no unit, expected a duration such as \"250ms\" or \"1m30s\" "
         "in 1ms..24h"},
        {R"("dns": "a:1", "max_endpoints": 1025)", "/max_endpoints: 1025 is not in 1..1024"},
    };
    for (const auto &row : cases) {
        CAPTURE(row.first);
        CHECK(discovery(row.first) == row.second);
    }
}

TEST_CASE("each mistake in a cluster is told in one line") {
    check_all({
        {{.endpoint = R"("a:1", "a:1")"},
         "/clusters/app/endpoints/1: has the same address as endpoint 0"},
        {{.endpoint = R"("a:1", {"address": "b:1", "name": "a:1"})"},
         "/clusters/app/endpoints/1: has the same name as endpoint 0, the ring tells endpoints "
         "apart by their names"},
        {{.endpoint = R"({"name": "x"})"},
         R"(/clusters/app/endpoints/0: an endpoint needs the key "address")"},
        {{.endpoint = R"({"address": "a:1", "weight": 1001})"},
         "/clusters/app/endpoints/0/weight: 1001 is not in 1..1000"},
        {{.endpoint = R"({"address": "a:1", "name": "\""})"},
         R"(/clusters/app/endpoints/0/name: """ is not a name of 1..128 letters, digits or any )"
         R"(of _.-:/[])"},
        {{.endpoint = R"("::x:80")"},
         R"(/clusters/app/endpoints/0: "::x" is not a host name or an IP address)"},
        {{.endpoint = R"("fe80::1:80")"},
         R"(/clusters/app/endpoints/0: write an IPv6 address as "[fe80::1]:port")"},
        {{.endpoint = R"("[::1]")"},
         R"(/clusters/app/endpoints/0: "[::1]" has no port, expected "host:port")"},
        {{.endpoint = R"("[x]:1")"}, R"(/clusters/app/endpoints/0: "x" is not an IPv6 address)"},
        {{.endpoint = R"("http://a:1")"},
         R"(/clusters/app/endpoints/0: "http://a:1" is a URL, expected "host:port")"},
        {{.endpoint = R"("300.1.1.1:1")"},
         R"(/clusters/app/endpoints/0: "300.1.1.1" is not a host name or an IP address)"},
        {{.endpoint = R"("a:http")"}, R"(/clusters/app/endpoints/0: port "http" is not a number)"},
        {{.endpoint = R"("a:0")"}, "/clusters/app/endpoints/0: port 0 is not in 1..65535"},
        {{.endpoint = R"("unix:x")"},
         R"(/clusters/app/endpoints/0: a Unix socket needs an absolute path, "unix:/path")"},
        {{.endpoint = R"("unix:/)" + std::string(107, 'x') + '"'},
         "/clusters/app/endpoints/0: the path of a Unix socket may have 107 bytes, this one has "
         "108"},
        {{.endpoint = "8081"},
         R"(/clusters/app/endpoints/0: expected an address such as "10.0.0.1:8080", "name:8080" )"
         R"(or "unix:/path", got a number)"},
        {{.cluster = R"("health_check": {"status": "200-299"})"},
         R"(/clusters/app/health_check/status: only a check of type "http" uses this key)"},
        {{.cluster = R"("health_check": {"path": "/", "status": ["2xx"]})"},
         R"(/clusters/app/health_check/status/0: "2xx" is not a status code or a range such as )"
         R"("200-399")"},
        {{.cluster = R"("health_check": {"type": "grpc"})"},
         R"(/clusters/app/health_check/type: "grpc" is not one of "http", "tcp", "none")"},
        {{.cluster = R"("outlier_detection": {"eject": 5})"},
         "/clusters/app/outlier_detection/eject: a bare number has no unit, expected a duration "
         R"(such as "250ms" or "1m30s" in 1ms..24h)"},
        {{.cluster = R"("outlier_detection": {"eject": "1m", "max_eject": "30s"})"},
         R"(/clusters/app/outlier_detection/max_eject: is shorter than "eject")"},
        {{.cluster = R"("outlier_detection": {"failure_ratio": 0.5})"},
         R"(/clusters/app/outlier_detection/failure_ratio: a bare number has no unit, expected )"
         R"(a share such as "50%" in 0%..100%)"},
        {{.cluster = R"("outlier_detection": {"latency_ratio": 2.5})"},
         "/clusters/app/outlier_detection/latency_ratio: expected a whole number in 0..1000, "
         "without point or exponent"},
        {{.cluster = R"("outlier_detection": {"max_ejected": "101%"})"},
         R"(/clusters/app/outlier_detection/max_ejected: "101%" is not a share such as "50%" in )"
         R"(0%..100%)"},
        {{.cluster = R"("outlier_detection": {"consecutive_failures": -1})"},
         "/clusters/app/outlier_detection/consecutive_failures: -1 is not in 0..1000000"},
        {{.cluster = R"("outlier_detection": false)"},
         "/clusters/app/outlier_detection: expected an outlier detection (an object), "
         "got false"},
        {{.cluster = R"("load_balancing": {"panic_threshold": "101%"})"},
         R"(/clusters/app/load_balancing/panic_threshold: "101%" is not a share such as "50%" in )"
         R"(0%..100%)"},
        {{.cluster = R"("load_balancing": {"slow_start": 10})"},
         R"(/clusters/app/load_balancing/slow_start: a bare number has no unit, )"
         R"(expected a duration such as "250ms" or "1m30s" in 0s..24h)"},
        {{.cluster = R"("load_balancing": {"bounded_load": 1})"},
         R"(/clusters/app/load_balancing/bounded_load: is not in 1.1..10)"},
        {{.cluster = R"("load_balancing": {"bounded_load": "1.5"})"},
         R"(/clusters/app/load_balancing/bounded_load: expected a number in 1.1..10, )"
         R"(got a string)"},
        {{.cluster = R"("load_balancing": {"policy": "random", "bounded_load": 1.5})"},
         R"(/clusters/app/load_balancing/bounded_load: only the policies "ring_hash" and "maglev" )"
         R"(use this key)"},
    });
}

TEST_CASE("of a duplicate key only the duplication is told, and the first one counts") {
    const Loaded loaded = parse_for_test(R"({"listeners": {"w": {"address": "0.0.0.0:80"}},
        "clusters": {"a": {"endpoints": ["a:1"]}, "a": {"endpoint": []}},
        "workers": 2, "workers": "none"})");
    CHECK(joined(lines_of(loaded)) ==
          "f:2:51: error: /clusters/a: duplicate key, it stands at 2:22 already\n"
          "f:3:23: error: /workers: duplicate key, it stands at 3:9 already\n");
}

TEST_CASE("several clusters need routes") {
    const Loaded loaded = parse_for_test(R"({"listeners": {"w": {"address": "0.0.0.0:80"}},
        "clusters": {"a": {"endpoints": ["a:1"]}, "b": {"endpoints": ["b:1"]}}})");
    CHECK(joined(lines_of(loaded)) ==
          "f:1:1: error: with 2 clusters the key \"routes\" is needed, for example "
          "[{\"cluster\": \"a\"}]\n");
}

TEST_CASE("two listeners cannot share an address, however it is spelt") {
    const Loaded loaded = parse_for_test(R"({"listeners": {
        "a": {"address": ["127.0.0.1:80", "[::1]:80"]},
        "b": {"address": "localhost:80"},
        "c": {"address": ["0.0.0.0:81", "[0:0::1]:80"]},
        "d": {"address": "127.0.0.1:9901"}},
        "clusters": {"a": {"endpoints": ["a:1"]}}})");
    CHECK(joined(lines_of(loaded)) ==
          "f:3:26: error: /listeners/b/address: listener \"a\" has this address already\n"
          "f:4:41: error: /listeners/c/address/1: listener \"a\" has this address already\n"
          "f:5:26: error: /listeners/d/address: the admin API listens there by default; set "
          "\"admin\" to another address\n");
}

TEST_CASE("an inherited socket has a name that systemd could give it, and one listener") {
    const auto problems = [](const std::string &first, const std::string &second) {
        const Loaded loaded = parse_for_test(R"({"listeners": {"a": {"address": ")" + first +
                                             R"("}, "b": {"address": ")" + second +
                                             R"("}}, "clusters": {"a": {"endpoints": ["a:1"]}}})");
        return joined(lines_of(loaded));
    };
    const std::string wrong =
        "f:1:33: error: /listeners/a/address: the name of an inherited socket, \"fd:NAME\", has "
        "1..255 printable ASCII characters and no \":\"\n";
    CHECK(problems("fd:web", "fd:" + std::string(255, 'x')).empty());
    for (const std::string &name : {std::string{}, std::string(256, 'x'), std::string{"a:80"},
                                    std::string{"a\\n"}, std::string{"\xC3\xA4"}})
        CHECK(problems("fd:" + name, "fd:web") == wrong);
    CHECK(problems("fd:web", "fd:web") ==
          "f:1:61: error: /listeners/b/address: listener \"a\" has this address already\n");
}

TEST_CASE("names that could not stand in a label are refused") {
    const Loaded loaded = parse_for_test(R"({"listeners": {"a b": {"address": "0.0.0.0:80"}},
        "clusters": {"": {"endpoints": ["a:1"]}}})");
    CHECK(joined(lines_of(loaded)) ==
          "f:1:16: error: /listeners/a b: \"a b\" is not a name of 1..64 letters, digits, \"_\", "
          "\".\" or \"-\"\n"
          "f:2:22: error: /clusters/: \"\" is not a name of 1..64 letters, digits, \"_\", \".\" "
          "or \"-\"\n");
}

}  // namespace uvoy::config
