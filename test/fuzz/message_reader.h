#pragma once

#include "check.h"
#include "http/body.h"
#include "http/start_line.h"
#include "pieces.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::fuzz {

/// Low enough to be reached.
inline constexpr http::HeadLimits low_limits{
    .header_bytes = 1024, .headers = 24, .target_bytes = 200};

/// A message as src/http understands it.
struct ReadMessage {
    std::string head;  ///< its bytes
    http::Framing framing;
    std::string body;
    std::string trailers;
    std::string coded_body;  ///< its bytes as they came, trailers included

    friend bool operator==(const ReadMessage &, const ReadMessage &) = default;
};

/// What came of some bytes.
struct Reading {
    enum class End : std::uint8_t {
        more,  ///< at the start of a head, in a head or in a body
        tunnel,
        head_error,
        framing_error,
        body_error,
    };

    std::vector<ReadMessage> messages;
    ReadMessage unfinished;
    End end = End::more;
    int error = 0;  ///< the number of the HeadError, FramingError or BodyDecoder::State

    friend bool operator==(const Reading &, const Reading &) = default;
};

/// How requests are read; ResponseKind is its like.
struct RequestKind {
    using Head = http::RequestHead;

    auto parse(std::string_view bytes, const http::HeadLimits &limits, Head &head) const {
        return http::parse_request(bytes, limits, head);
    }
    auto framing(const Head &head) const { return http::request_framing(head); }
    /// Of what a head begins with, behind `empty` bytes of empty lines.
    bool may_begin(std::string_view bytes, std::size_t empty) const {
        return empty == bytes.size() || http::may_become_request_line(bytes.substr(empty));
    }
};

struct ResponseKind {
    using Head = http::ResponseHead;

    http::Method method;  ///< of the request

    auto parse(std::string_view bytes, const http::HeadLimits &limits, Head &head) const {
        return http::parse_response(bytes, limits, head);
    }
    auto framing(const Head &head) const { return http::response_framing(head, method); }
    bool may_begin(std::string_view bytes, std::size_t empty) const {
        return empty == 0 && http::may_become_status_line(bytes);
    }
};

/// Reads one message after the other, as the core does: HeadScanner, parser, framing, BodyDecoder.
template <typename Kind>
class MessageReader {
public:
    MessageReader(const Kind &kind, const http::HeadLimits &limits)
        : kind_{kind}, limits_{limits} {}

    void take(std::string_view bytes) {
        while (!bytes.empty() && !over_) bytes = in_body_ ? take_body(bytes) : take_head(bytes);
    }

    /// The stream has ended.
    void finish() {
        if (!over_ && in_body_ && decoder_.finish()) end_message();
    }

    const Reading &reading() const { return reading_; }

private:
    std::string_view take_head(std::string_view bytes) {
        buffer_ += bytes;
        const auto found = scanner_.scan(buffer_, limits_);
        if (!found) return stop_in_head(found.error());
        if ((found->end == 0 || found->begin != 0) && !kind_.may_begin(buffer_, found->begin))
            return stop_in_head(http::HeadError::malformed);
        if (found->end == 0) return {};
        check(found->begin < found->end && found->end <= buffer_.size(), "a head out of bounds");
        const std::string_view rest = bytes.substr(bytes.size() - (buffer_.size() - found->end));
        const std::string head = buffer_.substr(found->begin, found->end - found->begin);
        buffer_.clear();
        scanner_.reset();
        const auto parsed = kind_.parse(head, limits_, head_);
        if (!parsed) return stop_in_head(parsed.error());
        const auto framing = kind_.framing(head_);
        if (!framing) return stop(Reading::End::framing_error, static_cast<int>(framing.error()));
        reading_.unfinished.head = head;
        reading_.unfinished.framing = *framing;
        decoder_ = http::BodyDecoder{*framing};
        in_body_ = true;
        if (framing->kind == http::Framing::Kind::tunnel) return stop(Reading::End::tunnel, 0);
        if (decoder_.done()) end_message();
        return rest;
    }

    std::string_view take_body(std::string_view bytes) {
        const http::BodyDecoder::Step step = decoder_.decode(bytes);
        check(step.consumed <= bytes.size(), "more bytes taken than given");
        check(step.consumed > 0 || step.state != http::BodyDecoder::State::more, "no progress");
        reading_.unfinished.body += step.data;
        coded_body_ += bytes.substr(0, step.consumed);
        if (step.state == http::BodyDecoder::State::done) {
            check(decoder_.done(), "done, and not done");
            end_message();
        } else if (step.state != http::BodyDecoder::State::more) {
            return stop(Reading::End::body_error, static_cast<int>(step.state));
        }
        return bytes.substr(step.consumed);
    }

    void end_message() {
        reading_.unfinished.trailers = decoder_.trailers();
        reading_.unfinished.coded_body = std::exchange(coded_body_, {});
        reading_.messages.push_back(reading_.unfinished);
        reading_.unfinished = {};
        in_body_ = false;
    }

    std::string_view stop_in_head(http::HeadError error) {
        // In pieces, junk is refused before it can be too long.
        std::size_t begin = 0;
        while (begin < buffer_.size() && buffer_.compare(begin, 2, "\r\n") == 0) begin += 2;
        if (!buffer_.empty() && !kind_.may_begin(buffer_, begin))
            error = http::HeadError::malformed;
        return stop(Reading::End::head_error, static_cast<int>(error));
    }

    std::string_view stop(Reading::End end, int error) {
        over_ = true;
        reading_.end = end;
        reading_.error = error;
        return {};
    }

    Kind kind_;
    http::HeadLimits limits_;
    typename Kind::Head head_;
    http::HeadScanner scanner_;
    http::BodyDecoder decoder_;
    std::string buffer_;  // a head in pieces
    std::string coded_body_;
    Reading reading_;
    bool in_body_ = false;
    bool over_ = false;
};

template <typename Kind>
Reading read_messages(std::string_view bytes, const Kind &kind, Arrival arrival, bool ended,
                      const http::HeadLimits &limits = low_limits) {
    MessageReader<Kind> reader{kind, limits};
    for_each_piece(bytes, arrival, [&](std::string_view piece) { reader.take(piece); });
    if (ended) reader.finish();
    return reader.reading();
}

/// The same, however the bytes arrive.
template <typename Kind>
Reading read_in_any_pieces(std::string_view bytes, const Kind &kind, bool ended) {
    const Reading whole = read_messages(bytes, kind, Arrival::whole, ended);
    check(whole == read_messages(bytes, kind, Arrival::bytewise, ended), "bytewise differs");
    check(whole == read_messages(bytes, kind, Arrival::pieces, ended), "in pieces differs");
    return whole;
}

}  // namespace uvoy::fuzz
