#pragma once

#include "http/chunk_extension.h"
#include "http/framing.h"

#include <string>

namespace uvoy::http {

/// Takes the framing off a message body, without copying it.  Pure: bytes in, views out.
class BodyDecoder {
public:
    enum class State : std::uint8_t { more, done, malformed, trailers_too_large };

    struct Step {
        std::size_t consumed = 0;  ///< bytes of the input that belong to the message so far
        std::string_view data;     ///< body bytes, a view into the input; may be empty
        State state = State::more;
    };

    BodyDecoder() = default;
    explicit BodyDecoder(const Framing &framing);

    /// Decodes the next piece.  Call again with the rest while `state == more` and input is left:
    /// each step yields at most one run of body bytes.  Makes progress whenever input is not empty.
    /// An error is final; bytes before it still come as `data`.
    Step decode(std::string_view input);

    /// The stream ended.  True if the message is complete by that (until_close, or done already).
    bool finish();

    bool done() const { return done_; }

    /// Trailer section as it arrived, ending in an empty line; empty if there was none.  Valid
    /// until the next message.
    std::string_view trailers() const { return trailers_; }

private:
    enum class Chunk : std::uint8_t {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        broken,
    };

    Step decode_chunked(std::string_view input);
    std::string_view take_data(std::string_view input);
    /// One byte of anything but data and trailers.  False if it must not stand there.
    bool take_framing(char byte);
    bool take_size_digit(char byte);
    /// Takes at most a line; returns the bytes taken and sets `state` if that was the last.
    std::size_t take_trailer(std::string_view input, State &state);

    Framing framing_;
    std::uint64_t left_ = 0;  // of the sized body or of this chunk
    Chunk chunk_ = Chunk::size_first;
    ChunkExtension extension_;  // of this chunk
    std::uint32_t extension_bytes_ = 0;
    std::uint8_t size_digits_ = 0;
    bool done_ = true;
    std::string trailers_;
};

/// "1f\r\n": the line that precedes a chunk of `size` bytes.  `buffer` holds at least 18 bytes.
std::string_view chunk_header(std::size_t size, char *buffer);

}  // namespace uvoy::http
