#include "proxy/gather.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace uvoy::proxy {

namespace {

class Recorder final : public Transport {
public:
    void write(std::span<const Bytes> written) override {
        ++writes;
        pieces += written.size();
        for (const Bytes piece : written) bytes += piece;
    }
    bool congested() const override { return false; }
    std::size_t queued() override { return 0; }
    std::size_t in_kernel() override { return 0; }
    bool has_input() const override { return false; }
    void pause_reading() override {}
    void resume_reading() override {}
    void finish() override {}
    void reset() override {}

    std::string bytes;
    int writes = 0;
    std::size_t pieces = 0;
};

}  // namespace

TEST_CASE("pieces of one event leave in one write, in their order") {
    Recorder to;
    const std::string body(600, 'b');
    {
        Gather out{&to};
        out.add("head\r\n");
        out.add("");
        out.add_data("small", false);
        out.add_data(body, false);
        out.add("end");
        CHECK(to.writes == 0);
        out.flush();
        out.flush();
    }
    CHECK(to.writes == 1);
    CHECK(to.bytes == "head\r\nsmall" + body + "end");
}

TEST_CASE("small data joins the head before it, however the buffer moves") {
    Recorder to;
    TextBuffer head;
    TextWriter{head}.add("head\r\n");
    const std::string body(511, 'b');
    std::string expected = "head\r\n";
    Gather out{&to};
    out.add_head(head);
    for (int i = 0; i < 20; ++i) {
        out.add_data(body, false);
        expected += body;
    }
    out.add_data("x", false);  // there would be room for it behind the head
    expected += "x";
    out.add("end");
    out.add_data("more", false);
    out.flush();
    CHECK(to.writes == 1);
    CHECK(to.pieces == 4);  // 4 KiB of the head, the rest, and the last two
    CHECK(to.bytes == expected + "endmore");
    out.add_data("later", false);
    out.flush();
    CHECK(to.bytes == expected + "endmorelater");
}

TEST_CASE("chunks and what is large stand apart from the head") {
    for (const bool chunked : {false, true}) {
        Recorder to;
        TextBuffer head;
        TextWriter{head}.add("head\r\n");
        const std::string large(512, 'l');
        Gather out{&to};
        out.add_head(head);
        if (!chunked) out.add_data(large, false);
        out.add_data("a", chunked);
        out.flush();
        CHECK(head.view() == "head\r\n");
        CHECK(to.bytes == (chunked ? "head\r\n1\r\na\r\n" : "head\r\n" + large + "a"));
    }
}

TEST_CASE("a head that was taken back takes no data with it") {
    Recorder to;
    TextBuffer head;
    TextWriter{head}.add("head\r\n");
    Gather out{&to};
    out.mark();
    out.add_head(head);
    out.add_data("a", false);
    out.discard();
    out.add_data("b", false);
    out.flush();
    CHECK(to.bytes == "b");
}

TEST_CASE("a large run is a chunk of its own, and small ones are joined into one") {
    Recorder to;
    const std::string large(512, 'l');
    Gather out{&to};
    out.add_data("a", true);
    out.add_data("bc", true);
    out.add_data(large, true);
    out.add_data("d", true);
    out.add("0\r\n\r\n");
    out.flush();
    CHECK(to.bytes == "3\r\nabc\r\n200\r\n" + large + "\r\n1\r\nd\r\n0\r\n\r\n");
    CHECK(to.writes == 1);
}

TEST_CASE("a body of single bytes costs few writes and loses nothing") {
    Recorder to;
    std::string want;
    Gather out{&to};
    const std::string source(40'000, 'x');
    for (std::size_t i = 0; i < source.size(); ++i) out.add_data(Bytes{source}.substr(i, 1), false);
    out.flush();
    CHECK(to.bytes == source);
    CHECK(to.writes < 10);
}

TEST_CASE("more pieces than fit leave in several writes, whole") {
    Recorder to;
    Gather out{&to};
    std::string want;
    const std::string large(700, 'y');
    for (int i = 0; i < 100; ++i) {
        out.add_data(large, true);
        want += "2bc\r\n" + large + "\r\n";
        out.add_data("z", true);
        want += "1\r\nz\r\n";
    }
    out.flush();
    CHECK(to.bytes == want);
}

}  // namespace uvoy::proxy
