#include "server/log_writer.h"
#include "server/start_error.h"

#include "base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

/// A directory of its own for each test.
class Directory {
public:
    Directory() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
    ~Directory() {
        for (const char *file : {"one.log", "two.log"}) unlink(file_path(file).c_str());
        rmdir(path_.c_str());
    }
    std::string file_path(const std::string &name) const { return path_ + "/" + name; }

private:
    std::string path_ = "/tmp/uvoy-log-XXXXXX";
};

std::string read_file(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

std::vector<config::AccessLog> logs(const std::vector<std::string> &paths) {
    std::vector<config::AccessLog> logs;
    for (const std::string &path : paths) logs.emplace_back().path = path;
    return logs;
}

/// A pipe whose reader is slow until somebody reads.
struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
        reader = uv::FileDescriptor{ends[0]};
        writer = uv::FileDescriptor{ends[1]};
    }
    std::string read_some(std::size_t size) const {
        std::string text(size, '\0');
        text.resize(
            static_cast<std::size_t>(std::max<ssize_t>(0, read(reader.get(), text.data(), size))));
        return text;
    }

    uv::FileDescriptor reader;
    uv::FileDescriptor writer;
};

std::atomic<int> complaints{0};

/// Counts the lines that the program's own log gets.
struct CountComplaints {
    CountComplaints() {
        complaints = 0;
        log::set_sink([](log::Level, std::string_view) { ++complaints; });
    }
    ~CountComplaints() {
        log::set_sink([](log::Level, std::string_view) {});
    }
};

}  // namespace

TEST_CASE("every destination gets every line of every worker, each worker's in order") {
    constexpr int workers = 3;
    constexpr int lines = 5'000;
    const Directory directory;
    const auto paths = logs({directory.file_path("one.log"), directory.file_path("two.log")});
    std::atomic<int> dropped{0};
    LostLines lost{0};
    {
        LogWriter writer{paths, workers, lost, 1 << 14};
        std::vector<std::thread> threads;
        for (int worker = 0; worker < workers; ++worker) {
            threads.emplace_back([&, worker] {
                for (int i = 0; i < lines; ++i) {
                    while (!writer.worker(static_cast<std::size_t>(worker))
                                .ring(0)
                                .push(std::to_string(worker) + " " + std::to_string(i) + "\n")) {
                        ++dropped;
                        std::this_thread::sleep_for(1ms);
                    }
                }
            });
        }
        for (std::thread &thread : threads) thread.join();
        writer.stop();
        CHECK(lost == 0);
    }
    const std::string text = read_file(paths[0].path);
    CHECK((text == read_file(paths[1].path)));
    std::map<int, int> next;
    std::istringstream in{text};
    int worker = 0;
    for (int i = 0; in >> worker >> i;) CHECK(i == next[worker]++);
    for (int n = 0; n < workers; ++n) CHECK(next[n] == lines);
}

TEST_CASE("files are appended to, and made for their owner and group only") {
    const Directory directory;
    const std::string path = directory.file_path("one.log");
    LostLines lost{0};
    for (const char *line : {"first\n", "second\n"}) {
        LogWriter writer{logs({path}), 1, lost};
        CHECK(writer.worker(0).ring(0).push(line));
    }
    CHECK(read_file(path) == "first\nsecond\n");
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0007) == 0);
}

TEST_CASE("lines are written while the process runs, not only at its end") {
    const Directory directory;
    LostLines lost{0};
    LogWriter writer{logs({directory.file_path("one.log")}), 1, lost};
    CHECK(writer.worker(0).ring(0).push("now\n"));
    for (int i = 0; i < 2'000 && read_file(directory.file_path("one.log")).empty(); ++i)
        std::this_thread::sleep_for(1ms);
    CHECK(read_file(directory.file_path("one.log")) == "now\n");
}

TEST_CASE("a file that somebody renamed is left when it is told so, and no line is lost") {
    const Directory directory;
    const std::string path = directory.file_path("one.log");
    const std::string old = directory.file_path("two.log");
    constexpr int lines = 2'000;
    LostLines lost{0};
    {
        LogWriter writer{logs({path}), 1, lost};
        for (int i = 0; i < lines; ++i) {
            if (i == lines / 2) {
                REQUIRE(rename(path.c_str(), old.c_str()) == 0);
                writer.reopen();
            }
            while (!writer.worker(0).ring(0).push(std::to_string(i) + "\n"))
                std::this_thread::sleep_for(1ms);
        }
        writer.stop();
        CHECK(lost == 0);
    }
    std::string expected;
    for (int i = 0; i < lines; ++i) expected += std::to_string(i) + "\n";
    CHECK_FALSE(read_file(path).empty());
    CHECK((read_file(old) + read_file(path) == expected));
}

TEST_CASE("a file that cannot be opened anew is kept") {
    const CountComplaints counting;
    const std::string path = "/tmp/uvoy-log-" + std::to_string(getpid()) + "/";
    REQUIRE(mkdir(path.c_str(), 0700) == 0);
    LogSink sink{config::AccessLog{.path = path + "one.log", .format = {}}};
    REQUIRE(rename((path + "one.log").c_str(), (path + "two.log").c_str()) == 0);
    REQUIRE(mkdir((path + "one.log").c_str(), 0700) == 0);
    sink.reopen();
    CHECK(complaints == 1);
    const std::array pieces{std::string_view{"line\n"}};
    CHECK(sink.write(pieces, TimePoint{}) == 0);
    CHECK(read_file(path + "two.log") == "line\n");
    rmdir((path + "one.log").c_str());
    unlink((path + "two.log").c_str());
    rmdir(path.c_str());
}

TEST_CASE("what is no file is not opened anew") {
    Pipe pipe;
    LogSink sink{std::move(pipe.writer), "one.log"};
    sink.reopen();
    const std::array pieces{std::string_view{"line\n"}};
    CHECK(sink.write(pieces, TimePoint{}) == 0);
    CHECK(pipe.read_some(16) == "line\n");
}

TEST_CASE("a named pipe may have no reader yet") {
    const Directory directory;
    const std::string path = directory.file_path("one.log");
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    LogSink sink{config::AccessLog{.path = path, .format = {}}};
    const std::array pieces{std::string_view{"line\n"}};
    CHECK(sink.write(pieces, TimePoint{}) == 0);
    const uv::FileDescriptor reader{open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    std::array<char, 16> got{};
    CHECK(read(reader.get(), got.data(), got.size()) == 5);
}

TEST_CASE("who ends a log need not wait for its reader") {
    const Directory directory;
    const std::string path = directory.file_path("one.log");
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    LostLines lost{0};
    LogWriter writer{logs({path}), 1, lost};
    const std::string line = std::string(200, 'x') + "\n";
    for (int i = 0; i < 4000; ++i) CHECK(writer.worker(0).ring(0).push(line));
    writer.begin_stop();
    CHECK_FALSE(writer.has_stopped());  // it tries for a second
    writer.stop();
    CHECK(writer.has_stopped());
    CHECK(lost > 0);
}

TEST_CASE("a pipe that takes a part takes whole lines") {
    const CountComplaints counting;
    Pipe pipe;
    LogSink sink{std::move(pipe.writer), "test"};
    std::string text;
    for (int i = 0; i < 5'000; ++i) text += std::to_string(i) + std::string(90, 'x') + "\n";
    const std::array pieces{std::string_view{text}};
    const std::uint64_t lost = sink.write(pieces, TimePoint{});
    CHECK(lost > 0);
    const std::string got = pipe.read_some(1 << 20);
    CHECK(got.ends_with("\n"));
    CHECK(text.starts_with(got));
    CHECK(std::count(got.begin(), got.end(), '\n') + static_cast<std::ptrdiff_t>(lost) == 5'000);
}

TEST_CASE("logs of several formats and choices are written side by side") {
    const Directory directory;
    auto both = logs({directory.file_path("one.log"), directory.file_path("two.log")});
    both[0].format = *config::parse_log_format("<%{status}>");
    both[1].format = *config::parse_log_format("%{status}");
    both[1].only = config::LogOnly::errors;
    LostLines lost{0};
    {
        LogWriter writer{both, 2, lost};
        for (const std::size_t worker : {0U, 1U})
            for (const int status : {200, 500})
                CHECK(writer.worker(worker).write({.status = status}) == 0);
    }
    CHECK(read_file(both[0].path) == "<200>\n<500>\n<200>\n<500>\n");
    CHECK(read_file(both[1].path) == "500\n500\n");
    CHECK(lost == 0);
}

TEST_CASE("a log that cannot be opened is an error that names its key") {
    const Directory directory;
    const std::string good = directory.file_path("one.log");
    LostLines lost{0};
    CHECK_THROWS_WITH_AS((LogWriter{logs({"/nowhere/access.log"}), 1, lost}),
                         "/access_log/path: cannot write to /nowhere/access.log: No such file or "
                         "directory",
                         StartError);
    CHECK_THROWS_WITH_AS((LogWriter{logs({good, "/nowhere/access.log"}), 1, lost}),
                         "/access_log/1/path: cannot write to /nowhere/access.log: No such file or "
                         "directory",
                         StartError);
}

TEST_CASE("a reader that takes nothing costs lines, not time, and spoils no later line") {
    const CountComplaints counting;
    Pipe pipe;
    LogSink sink{std::move(pipe.writer), "test"};
    const std::string line = std::string(9'999, 'x') + "\n";  // more than a pipe takes at once
    const std::array pieces{std::string_view{line}};
    const TimePoint start = std::chrono::steady_clock::now();
    std::uint64_t lost = 0;
    for (int i = 0; i < 100; ++i) lost += sink.write(pieces, start + 20ms);
    CHECK(std::chrono::steady_clock::now() - start < 10s);
    CHECK(lost >= 30);
    CHECK(complaints == 1);

    std::string got = pipe.read_some(1 << 17);
    const std::array after{std::string_view{"after\n"}};
    CHECK(sink.write(after, std::chrono::steady_clock::now() + 1s) == 0);
    got += pipe.read_some(1 << 17);
    CHECK(got.ends_with("\nafter\n"));
}

TEST_CASE("a disk that is full costs lines and is complained about once a second") {
    const CountComplaints counting;
    LogSink sink{uv::FileDescriptor{open("/dev/full", O_WRONLY | O_CLOEXEC)}, "full"};
    const std::array pieces{std::string_view{"one\ntw"}, std::string_view{"o\n"}};
    for (int i = 0; i < 10; ++i) CHECK(sink.write(pieces, TimePoint{}) == 2);
    CHECK(complaints == 1);
}

TEST_CASE("a reader that has gone is an error, not the end of the process") {
    const CountComplaints counting;
    Pipe pipe;
    pipe.reader = uv::FileDescriptor{};
    LogSink sink{std::move(pipe.writer), "gone"};
    const std::array pieces{std::string_view{"line\n"}};
    // The writer's thread blocks all signals, as a loop ignores this one.
    std::thread{[&] {
        sigset_t pipes;
        sigemptyset(&pipes);
        sigaddset(&pipes, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipes, nullptr);
        CHECK(sink.write(pieces, TimePoint{}) == 1);
    }}.join();
    CHECK(complaints == 1);
}

}  // namespace uvoy::server
