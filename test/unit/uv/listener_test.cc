#include "base/log.h"

#include "fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace uvoy::uv {
namespace {

/// Keeps what a listener accepts.
struct Door {
    Door(Loop &loop, FileDescriptor socket)
        : listener{loop, std::move(socket), ListenSocket::OnAccept::bind<&Door::enter>(*this)} {}
    void enter(int fd, const sockaddr_storage &peer) {
        guests.emplace_back(fd);
        last = std::string{IpText{peer}.view()};
        if (stop_at == guests.size()) listener.stop();
    }

    ListenSocket listener;
    std::vector<FileDescriptor> guests;
    std::string last;
    std::size_t stop_at = 0;
};

std::vector<FileDescriptor> connect_many(const SocketAddress &address, int count) {
    std::vector<FileDescriptor> clients;
    for (int i = 0; i < count; ++i) clients.push_back(connect_to(address));
    return clients;
}

}  // namespace

TEST_CASE("two sockets share a port, and between them nobody is left outside") {
    Loop loop;
    FileDescriptor first = listen_on(loopback());
    const SocketAddress address = local_address(first.get());
    Door one{loop, std::move(first)}, two{loop, listen_on(address)};
    CHECK(one.listener.port() == address.port());
    CHECK(two.listener.port() == address.port());
    const auto clients = connect_many(address, 200);
    CHECK(turn_until(loop, [&] { return one.guests.size() + two.guests.size() == 200; }));
    CHECK(one.guests.size() > 0);
    CHECK(two.guests.size() > 0);
    CHECK(one.last == "127.0.0.1");
    const int fd = one.guests.front().get();
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a wake-up takes a bounded number of connections") {
    Loop loop;
    Door door{loop, listen_on(loopback())};
    const auto clients = connect_many(loopback(door.listener.port()), 100);
    loop.run_once();
    CHECK(door.guests.size() == 64);
    loop.run_once();
    CHECK(door.guests.size() == 100);
}

TEST_CASE("where no handshake may begin, whoever has finished one comes in and others try again") {
    Loop loop;
    Door door{loop, listen_on(loopback())};
    const SocketAddress address = loopback(door.listener.port());
    const auto clients = connect_many(address, 10);
    door.listener.admit_new(false);
    const FileDescriptor late{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    CHECK(connect(late.get(), address.get(), address.length) != 0);
    CHECK(errno == EINPROGRESS);
    CHECK(turn_until(loop, [&] { return door.guests.size() == 10; }));
    // What comes over a connection is not looked at.
    CHECK(write(clients[0].get(), "x", 1) == 1);
    char byte = 0;
    CHECK(turn_until(loop, [&] {
        for (const FileDescriptor &guest : door.guests)
            if (read(guest.get(), &byte, 1) == 1) return true;
        return false;
    }));
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(late.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    CHECK(error == 0);
    CHECK(door.guests.size() == 10);

    door.listener.admit_new(true);
    const FileDescriptor welcome = connect_to(address);
    CHECK(turn_until(loop, [&] { return door.guests.size() == 11; }));
}

TEST_CASE("stop() takes everybody who already waits, then refuses") {
    Loop loop;
    Door door{loop, listen_on(loopback())};
    const SocketAddress address = loopback(door.listener.port());
    const auto clients = connect_many(address, 100);
    door.listener.stop();
    CHECK(door.guests.size() == 100);
    CHECK_FALSE(door.listener.listening());
    const FileDescriptor late{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(connect(late.get(), address.get(), address.length) != 0);
    door.listener.stop();
}

TEST_CASE("stop() may be called for an accepted connection") {
    Loop loop;
    Door door{loop, listen_on(loopback())};
    door.stop_at = 3;
    const auto clients = connect_many(loopback(door.listener.port()), 10);
    CHECK(turn_until(loop, [&] { return !door.listener.listening(); }));
    CHECK(door.guests.size() == 10);
}

TEST_CASE("out of descriptors, all sockets pause with one warning and go on by themselves") {
    static int warnings;
    warnings = 0;
    log::set_sink([](log::Level, std::string_view) { ++warnings; });
    Loop loop;
    Door one{loop, listen_on(loopback())}, two{loop, listen_on(loopback())};
    const auto to_one = connect_many(loopback(one.listener.port()), 5);
    const auto to_two = connect_many(loopback(two.listener.port()), 5);
    rlimit before;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    int turns = 0;
    const TimePoint until = Loop::now() + std::chrono::milliseconds{350};
    turn_until(loop, [&] { return ++turns, Loop::now() > until; });
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(one.guests.size() + two.guests.size() == 0);
    CHECK(warnings == 1);
    CHECK(turns < 1000);
    CHECK(turn_until(loop, [&] { return one.guests.size() + two.guests.size() == 10; }));
    log::set_sink([](log::Level, std::string_view) {});
}

TEST_CASE("an address that is taken, foreign or forbidden is an error that names it") {
    const FileDescriptor taken{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    SocketAddress address = loopback();
    REQUIRE(bind(taken.get(), address.get(), address.length) == 0);
    REQUIRE(listen(taken.get(), 1) == 0);
    struct Case {
        std::string text;
        std::errc error;
    };
    const Case cases[]{
        {to_text(local_address(taken.get())), std::errc::address_in_use},
        {"192.0.2.1:80", std::errc::address_not_available},
        {"unix:/no/such/directory/socket", std::errc::no_such_file_or_directory},
    };
    for (const Case &one : cases) {
        CAPTURE(one.text);
        try {
            listen_on(*parse_address(one.text));
            FAIL("no error");
        } catch (const std::system_error &thrown) {
            CHECK(thrown.code() == one.error);
            CHECK(std::string_view{thrown.what()}.find(one.text) != std::string_view::npos);
        }
    }
}

TEST_CASE("an IPv6 socket leaves the same port of IPv4 to others") {
    const FileDescriptor six = listen_on(*parse_address("[::]:0"));
    SocketAddress four = *parse_address("0.0.0.0:0");
    four.set_port(local_address(six.get()).port());
    CHECK_NOTHROW(listen_on(four));
    const FileDescriptor client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const SocketAddress address = loopback(four.port());
    CHECK(connect(client.get(), address.get(), address.length) != 0);
}

TEST_CASE("workers share one unix socket, and its peers have no IP address") {
    const SocketFile file;
    Loop loop;
    FileDescriptor socket = listen_on(file.address());
    Door one{loop, duplicate(socket)}, two{loop, std::move(socket)};
    CHECK(one.listener.port() == 0);
    const auto clients = connect_many(file.address(), 5);
    CHECK(turn_until(loop, [&] { return one.guests.size() + two.guests.size() == 5; }));
    CHECK((one.last + two.last).starts_with("unix:"));
    one.listener.stop();
    const auto more = connect_many(file.address(), 5);
    CHECK(turn_until(loop, [&] { return one.guests.size() + two.guests.size() == 10; }));
}

TEST_CASE("a socket file is replaced when its listener is dead, never when it lives") {
    const SocketFile file;
    {
        const FileDescriptor living = listen_on(file.address());
        CHECK_THROWS_AS(listen_on(file.address()), std::system_error);
        connect_to(file.address());
    }
    CHECK_NOTHROW(listen_on(file.address()));
}

TEST_CASE("a socket file has the mode that it should have, whatever the umask is") {
    for (const auto &[mask, mode] : {std::pair{0077U, 0666U}, {0U, 0600U}}) {
        const SocketFile file;
        const mode_t before = umask(mask);
        const FileDescriptor socket = listen_on(file.address(), mode);
        umask(before);
        struct stat found {};
        REQUIRE(stat(to_text(file.address()).c_str() + 5, &found) == 0);
        CHECK((found.st_mode & 07777U) == mode);
    }
}

TEST_CASE("the mode of what has taken a socket file's place by a link is left alone") {
    const SocketFile file;
    const std::string path = to_text(file.address()).substr(5);
    std::filesystem::create_symlink("/dev/null", path);
    CHECK(set_mode(file.address(), 0600) != 0);
}

TEST_CASE("a file that is no socket is left alone") {
    const SocketFile file;
    const std::string path = to_text(file.address()).substr(5);
    const FileDescriptor plain{open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
    CHECK_THROWS_AS(listen_on(file.address()), std::system_error);
    CHECK(std::filesystem::exists(path));
}

}  // namespace uvoy::uv
