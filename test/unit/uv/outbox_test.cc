#include "fixture.h"
#include "together.h"
#include "uv/turns.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace uvoy::uv {

namespace {

constexpr std::array kinds{SocketKind::tcp, SocketKind::unix_domain};

}  // namespace

TEST_CASE("what is written leaves when all events of the poll have been told") {
    for (const SocketKind kind : kinds) {
        Two two{kind};
        std::string meanwhile = "nothing was told";
        two.turn(
            [&] {
                two.first.write("answer");
                two.second.write("another");
            },
            [&] {
                meanwhile = receive(two.first.peer) + receive(two.second.peer);
                two.first.write(" and more");
            });
        CHECK(meanwhile.empty());
        CHECK(receive(two.first.peer) == "answer and more");
        CHECK(receive(two.second.peer) == "another");
    }
}

TEST_CASE("what is written in the only event of a poll leaves at once") {
    Loop loop;
    Listening only{loop};
    std::string at_once;
    only.act = [&] {
        only.write("answer");
        at_once = receive(only.peer);
    };
    send_text(only.peer, "1");
    loop.run_once(false);
    CHECK(at_once == "answer");
}

TEST_CASE("what is written outside of events leaves at once") {
    Loop loop;
    Listening one{loop};
    one.write("answer");
    CHECK(receive(one.peer) == "answer");
}

TEST_CASE("what is put off leaves when sixteen wait, or with what is too long to wait") {
    for (const SocketKind kind : kinds) {
        Two two{kind};
        std::string sixteen, seventeen, with_long;
        std::string expected;
        const std::string longest(Outbox::longest_write, 'l');
        two.turn(
            [&] {
                for (std::size_t i = 0; i < Outbox::most_writes; ++i) {
                    two.first.write(expected.empty() ? longest : std::to_string(i));
                    expected += expected.empty() ? longest : std::to_string(i);
                }
                sixteen = receive(two.first.peer);
                two.first.write("next");
                seventeen = receive(two.first.peer);
            },
            [&] {
                const std::string too_long(Outbox::longest_write + 1, 'x');
                two.second.write(too_long);
                with_long = receive(two.first.peer);
                CHECK(receive(two.second.peer) == too_long);
            });
        CHECK(sixteen.empty());
        CHECK((seventeen == expected));
        CHECK(with_long == "next");
    }
}

TEST_CASE("who asks what is queued, or ends the stream, sends what was put off") {
    Two two;
    std::string got, end;
    two.turn(
        [&] {
            two.first.write("be");
            two.second.write("fore");
        },
        [&] {
            SUBCASE("queued") {
                CHECK(two.first.transport->queued() == 0);
                got = receive(two.first.peer, &end);
                CHECK(end.empty());
            }
            SUBCASE("in the kernel") {
                two.first.transport->in_kernel();
                got = receive(two.first.peer, &end);
                CHECK(end.empty());
            }
            SUBCASE("finished") {
                two.first.transport->finish();
                got = receive(two.first.peer, &end);
                CHECK(end == "end");
            }
            SUBCASE("reset") {
                two.first.transport->reset();
                got = receive(two.first.peer, &end);
                CHECK_FALSE(end.empty());
            }
            SUBCASE("destroyed") {
                two.first.transport.reset();
                got = receive(two.first.peer, &end);
                CHECK_FALSE(end.empty());
            }
        });
    CHECK(got == "be");
    CHECK(receive(two.first.peer).empty());
    CHECK(receive(two.second.peer) == "fore");
}

TEST_CASE("what is put off waits for sixteen events") {
    Loop loop;
    std::vector<std::unique_ptr<Listening>> all;
    std::string told;
    for (std::size_t i = 0; i <= Outbox::most_events; ++i) {
        Listening &each = *all.emplace_back(std::make_unique<Listening>(loop));
        each.act = [&, i] {
            if (i == 0) each.write("answer");
            told += receive(all.front()->peer).empty() ? "." : "!";
        };
    }
    for (const auto &each : all) send_text(each->peer, "1");
    loop.run_once(false);
    CHECK(told == std::string(Outbox::most_events, '.') + "!");
}

TEST_CASE("what is written at the end of a turn leaves with it, together") {
    Loop loop;
    Listening one{loop};
    struct Ending {
        void begin() {}
        void end() {
            one.write("first ");
            meanwhile = receive(one.peer);
            one.write("second");
        }
        Listening &one;
        std::string meanwhile = "not told";
    } ending{one};
    Turns turns{loop, Delegate<void()>::bind<&Ending::begin>(ending),
                Delegate<void()>::bind<&Ending::end>(ending)};
    loop.run_once(false);
    CHECK(ending.meanwhile.empty());
    CHECK(receive(one.peer) == "first second");
}

TEST_CASE("what the kernel refuses of it is queued, told once and sent in order") {
    for (const SocketKind kind : kinds) {
        Two two{kind};
        std::size_t filled = 0;
        bool congested_before = true;
        std::optional<bool> congested_in_reply;
        two.first.react = [&] {
            congested_in_reply = two.first.transport->congested();
            two.first.write("third");
            two.second.write("reply");
        };
        two.turn(
            [&] {
                filled = two.first.fill();
                two.first.write("first ");
                two.first.write("second ");
                congested_before = two.first.transport->congested();
            },
            [&] { CHECK(two.first.log.empty()); });
        CHECK_FALSE(congested_before);
        CHECK(congested_in_reply == true);
        CHECK(two.first.transport->queued() == 18);
        CHECK(receive(two.second.peer) == "reply");
        CHECK(two.first.log == Strings{"congested"});

        std::string got;
        CHECK(turn_until(two.loop, [&] {
            got += receive(two.first.peer);
            return two.first.log.size() == 2;
        }));
        CHECK(turn_until(two.loop, [&] {
            got += receive(two.first.peer);
            return got.size() >= filled + 18;
        }));
        CHECK(got.substr(filled) == "first second third");
        CHECK(two.first.log == Strings{"congested", "drained"});
    }
}

TEST_CASE("who asked, and heard that something is queued, is told as well") {
    Two two;
    std::size_t queued = 0;
    two.turn(
        [&] {
            two.first.fill();
            two.first.write("late");
            queued = two.first.transport->queued();
            CHECK(two.first.log.empty());
        },
        [] {});
    CHECK(queued == 4);
    CHECK(two.first.log == Strings{"congested"});
}

TEST_CASE("what the kernel takes in part, the rest leaves in order") {
    for (const bool finish : {false, true}) {
        Two two{SocketKind::unix_domain};
        const std::string longest(Outbox::longest_write, 'l');
        std::size_t queued = 0;
        two.turn(
            [&] {
                two.first.shrink();
                two.first.write("short ");
                two.first.write(longest);
                queued = two.first.transport->queued();
                two.first.write(" behind the queue");
                if (finish) two.first.transport->finish();
            },
            [] {});
        CHECK(queued > 0);
        CHECK(queued < longest.size());
        CHECK(two.first.log == Strings{"congested"});
        const std::string expected = "short " + longest + " behind the queue";
        std::string got, end;
        CHECK(turn_until(two.loop, [&] {
            got += receive(two.first.peer, &end);
            return finish ? !end.empty() : got.size() >= expected.size();
        }));
        CHECK((got == expected));
        CHECK(end == (finish ? "end" : ""));
    }
}

TEST_CASE("a transport may be destroyed when it is told that it is congested") {
    Two two;
    two.first.react = [&] { two.first.transport.reset(); };
    two.turn(
        [&] {
            two.first.fill();
            two.first.write("late");
        },
        [&] { two.second.write("answer"); });
    CHECK(two.first.log == Strings{"congested"});
    CHECK(receive(two.second.peer) == "answer");
}

TEST_CASE("one congested transport may destroy another before that is told") {
    Two two;
    two.first.react = [&] { two.second.transport.reset(); };
    two.second.react = [&] { two.first.transport.reset(); };
    two.turn(
        [&] {
            for (Listening *each : {&two.first, &two.second}) {
                each->fill();
                each->write("late");
            }
        },
        [] {});
    CHECK(two.first.log.size() + two.second.log.size() == 1);
}

TEST_CASE("a stream that is about to be told, and breaks before that, is not told") {
    Two two;
    two.first.act = [&] {
        two.second.write("for nobody");
        CHECK(two.second.transport->queued() == 10);
    };
    two.second.on_break = [&] { two.second.transport.reset(); };
    send_text(two.first.peer, "1");
    close_with_reset(two.second.peer);
    two.loop.run_once(false);
    CHECK(two.second.log == Strings{"broken"});
}

TEST_CASE("what was put off on a stream that breaks is dropped, and the break is told") {
    Two two;
    two.turn([&] { close_with_reset(two.second.peer); },
             [&] {
                 two.second.write("for nobody");
                 two.first.write("for somebody");
             });
    CHECK(receive(two.first.peer) == "for somebody");
    CHECK(turn_until(two.loop,
                     [&] { return !two.second.log.empty() && two.second.log.back() == "broken"; }));
}

}  // namespace uvoy::uv
