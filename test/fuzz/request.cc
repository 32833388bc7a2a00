#include "forwarding.h"
#include "strict_input.h"
#include "strict_message.h"

// Requests: however their bytes arrive, uvoy understands them in one way; and what it sends on, it
// and a strict reader understand as that one request.
namespace uvoy::fuzz {

namespace {

using Kind = http::Framing::Kind;

void check_by_strict_reader(std::string_view bytes, const ReadMessage &message,
                            const Forwarding &from) {
    const Taken taken = take_request(bytes);
    check(taken.verdict != Taken::Verdict::malformed, taken.why);
    check(taken.verdict == Taken::Verdict::whole, "the request that is sent on is not whole");
    check(taken.size == bytes.size(), "bytes behind the request");
    check(taken.message.method() == from.head.method_text, "another method");
    check(taken.message.target().starts_with(from.path), "another path");
    check(taken.message.value("host") == from.host, "another host");
    check((taken.message.framing == StrictMessage::Body::chunked) ==
              (message.framing.kind == Kind::chunked),
          "another framing");
    check(taken.message.body == message.body, "another body");
}

/// What would happen at the next uvoy.
void check_by_own_reader(std::string_view bytes, const ReadMessage &message,
                         const Forwarding &from) {
    const Reading again = read_messages(bytes, RequestKind{}, Arrival::whole, false, ample_limits);
    check(again.end == Reading::End::more && again.messages.size() == 1 &&
              again.unfinished == ReadMessage{},
          "not exactly one request is sent on");
    const ReadMessage &sent = again.messages[0];
    check(sent.framing == message.framing, "the framing changes on the way");
    check(sent.body == message.body, "the body changes on the way");
    Forwarding next{.rules = from.rules};
    const bool ends_there = from.course.max_forwards == 1;
    check(understand(sent, ample_limits, next) != ends_there, "what is sent on would be refused");
    check(next.path == from.path, "the path changes once more");
    check(next.target.query == from.target.query, "another query");
    check(next.course.expects_continue == from.course.expects_continue, "another expectation");
}

void run(std::string_view bytes) {
    const Reading reading = read_in_any_pieces(bytes, RequestKind{}, false);
    for (const ReadMessage &message : reading.messages) {
        check_accepted_head(message.head);
        if (message.framing.kind == Kind::chunked)
            check_accepted_chunks(message.coded_body, message.body);
        Forwarding from{.rules = some_rules(bytes)};
        if (!understand(message, low_limits, from)) continue;
        const std::string sent = forward(message, from);
        check_by_strict_reader(sent, message, from);
        check_by_own_reader(sent, message, from);
    }
}

}  // namespace

}  // namespace uvoy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    uvoy::fuzz::run({reinterpret_cast<const char *>(data), size});
    return 0;
}
