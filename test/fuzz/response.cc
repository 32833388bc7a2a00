#include "forwarded_body.h"
#include "proxy/rewrite.h"
#include "strict_input.h"
#include "strict_message.h"

// Responses, to requests of every method that changes their framing: understood in one way however
// the bytes arrive, and sent on as that one response to clients of either version.
namespace uvoy::fuzz {

namespace {

using Kind = http::Framing::Kind;

constexpr http::HeadLimits ample_limits{};

/// The framing towards the client: what has no end of its own gets one if the client knows chunks.
http::Framing framing_for(http::Version client, const http::Framing &framing) {
    if (framing.kind != Kind::chunked && framing.kind != Kind::until_close) return framing;
    return {.kind = client == http::Version::http10 ? Kind::until_close : Kind::chunked};
}

std::string forward(const ReadMessage &message, const http::ResponseHead &from,
                    const http::Framing &framing) {
    TextBuffer head;
    proxy::append_response_head(head, from,
                                {.framing = framing,
                                 .persistence = proxy::Persistence::close,
                                 .upgrade = {},
                                 .date = "Sun, 06 Nov 1994 08:49:37 GMT",
                                 .via = "uvoy-0123abcd"});
    return std::string{head.view()} + forwarded_body(message, framing);
}

void check_forwarded(const ReadMessage &message, http::Method method, http::Version client) {
    http::ResponseHead from;
    check(http::parse_response(message.head, low_limits, from).has_value(), "parsed once only");
    const http::Framing framing = framing_for(client, message.framing);
    const std::string bytes = forward(message, from, framing);

    const Taken taken = take_response(bytes, method == http::Method::head, true);
    check(taken.verdict != Taken::Verdict::malformed, taken.why);
    check(taken.verdict == Taken::Verdict::whole, "the response that is sent on is not whole");
    check(taken.size == bytes.size(), "bytes behind the response");
    check(taken.message.status() == from.status, "another status");
    check(taken.message.body == message.body, "another body");

    const Reading again =
        read_messages(bytes, ResponseKind{method}, Arrival::whole, true, ample_limits);
    check(again.end == Reading::End::more && again.messages.size() == 1 &&
              again.unfinished == ReadMessage{},
          "not exactly one response is sent on");
    check(again.messages[0].framing == framing, "the framing changes on the way");
    check(again.messages[0].body == message.body, "the body changes on the way");
}

void run(std::string_view bytes) {
    for (const http::Method method :
         {http::Method::get, http::Method::head, http::Method::connect}) {
        read_in_any_pieces(bytes, ResponseKind{method}, false);
        const Reading reading = read_in_any_pieces(bytes, ResponseKind{method}, true);
        for (const ReadMessage &message : reading.messages) {
            // The fields of a successful CONNECT do not count.
            if (method != http::Method::connect) check_accepted_head(message.head);
            if (message.framing.kind == Kind::chunked)
                check_accepted_chunks(message.coded_body, message.body);
            check_forwarded(message, method, http::Version::http11);
            check_forwarded(message, method, http::Version::http10);
        }
    }
}

}  // namespace

}  // namespace uvoy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    uvoy::fuzz::run({reinterpret_cast<const char *>(data), size});
    return 0;
}
