#include "server/admin.h"
#include "server/start_error.h"
#include "view.h"

#include "../uv/fixture.h"

#include <string>

namespace uvoy::server {

namespace {

/// Sends `request` and returns all that comes until the server closes.
std::string exchange(uv::Loop &loop, const uv::SocketAddress &address, const std::string &request) {
    const uv::FileDescriptor client = uv::connect_to(address);
    uv::send_text(client, request);
    std::string got;
    uv::turn_until(loop, [&] {
        got += uv::receive(client);
        char byte = 0;
        return recv(client.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    });
    return got;
}

std::string get(const std::string &path, const std::string &host) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
}

struct Running {
    explicit Running(const config::Address &address)
        : admin{loop, config::Admin{address}, scene.view()} {
        loop.set_after_event(Delegate<void(TimePoint)>::bind<&Admin::settle>(admin));
    }

    uv::Loop loop;
    Scene scene;
    Admin admin;
};

const config::Address any_port{.host = "127.0.0.1", .port = 0, .path = {}};

}  // namespace

TEST_CASE("the admin API speaks HTTP on its address") {
    Running running{any_port};
    const uv::SocketAddress &address = running.admin.address();
    const std::string answer = exchange(running.loop, address, get("/healthz", "127.0.0.1"));
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\nok\n"));
    CHECK(exchange(running.loop, address, get("/v1/status", "evil.example"))
              .starts_with("HTTP/1.1 403 "));
    const std::string metrics = exchange(running.loop, address, get("/metrics", "127.0.0.1"));
    CHECK(metrics.find("\nuvoy_workers 2\n") != std::string::npos);
    const std::string head =
        exchange(running.loop, address,
                 "HEAD /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(exchange(running.loop, address,
                   "DELETE /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
              .starts_with("HTTP/1.1 405 "));
}

TEST_CASE("on a Unix socket any host name is welcome") {
    const uv::SocketFile file;
    const std::string text = uv::to_text(file.address());
    Running running{{.host = {}, .port = 0, .path = text.substr(std::string{"unix:"}.size())}};
    CHECK(exchange(running.loop, running.admin.address(), get("/readyz", "evil.example"))
              .ends_with("ready\n"));
}

TEST_CASE("an admin address that is taken is an error that names its key") {
    Running running{any_port};
    config::Address same = any_port;
    same.port = running.admin.address().port();
    std::string error;
    try {
        Admin{running.loop, config::Admin{same}, running.scene.view()};
    } catch (const StartError &problem) {
        error = problem.what();
    }
    CHECK(error.starts_with("/admin/address: 127.0.0.1:" + std::to_string(same.port) + ": "));
    running.loop.run_once(false);
}

}  // namespace uvoy::server
