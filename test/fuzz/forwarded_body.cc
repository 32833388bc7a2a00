#include "forwarded_body.h"

#include "proxy/gather.h"
#include "proxy/rewrite.h"

namespace uvoy::fuzz {

namespace {

/// Keeps what is written to it.
class Sink final : public proxy::Transport {
public:
    void write(std::span<const proxy::Bytes> pieces) override {
        for (const proxy::Bytes piece : pieces) written += piece;
    }
    bool congested() const override { return false; }
    std::size_t queued() override { return 0; }
    std::size_t in_kernel() override { return 0; }
    bool has_input() const override { return false; }
    void pause_reading() override {}
    void resume_reading() override {}
    void finish() override {}
    void reset() override {}

    std::string written;
};

}  // namespace

std::string forwarded_body(const ReadMessage &message, const http::Framing &framing) {
    const bool chunked = framing.kind == http::Framing::Kind::chunked;
    Sink sink;
    proxy::Gather out{&sink};
    // Half of all runs send large pieces, which are not joined.
    const bool large = digest(message.body) % 2 == 0;
    for_each_piece(message.body, large ? Arrival::whole : Arrival::pieces,
                   [&](std::string_view piece) { out.add_data(piece, chunked); });
    std::string tail;
    if (chunked) {
        http::Fields trailers;
        check(message.trailers.empty() ||
                  http::parse_fields(message.trailers, {}, trailers).has_value(),
              "trailers that are none");
        tail = "0\r\n";
        proxy::append_trailers(tail, trailers);
    }
    out.add(tail);
    out.flush();
    return sink.written;
}

}  // namespace uvoy::fuzz
