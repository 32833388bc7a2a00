#include "http/body.h"

#include "http/bytes.h"
#include "http/trailers.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdint>

namespace uvoy::http {

namespace {

constexpr std::uint64_t largest_chunk = INT64_MAX;
constexpr std::uint8_t most_size_digits = 16;

// Extensions carry nothing that is used here: the bound is only against bytes without end, over all
// chunks of a message.
constexpr std::uint32_t most_extension_bytes = 4096;

constexpr std::size_t most_trailer_bytes = std::size_t{8} * 1024;

constexpr std::size_t chunk_header_bytes = 18;

}  // namespace

BodyDecoder::BodyDecoder(const Framing &framing)
    : framing_{framing},
      left_{framing.length},
      done_{framing.kind == Framing::Kind::none || framing.kind == Framing::Kind::tunnel ||
            (framing.kind == Framing::Kind::sized && framing.length == 0)} {}

BodyDecoder::Step BodyDecoder::decode(std::string_view input) {
    if (done_) return {0, {}, State::done};
    switch (framing_.kind) {
        case Framing::Kind::sized: {
            const std::string_view data = take_data(input);
            done_ = left_ == 0;
            return {data.size(), data, done_ ? State::done : State::more};
        }
        case Framing::Kind::chunked:
            return decode_chunked(input);
        case Framing::Kind::until_close:
            return {input.size(), input, State::more};
        case Framing::Kind::none:
        case Framing::Kind::tunnel:
            break;
    }
    assert(false);
    return {0, {}, State::done};
}

bool BodyDecoder::finish() {
    if (framing_.kind == Framing::Kind::until_close) done_ = true;
    return done_;
}

std::string_view BodyDecoder::take_data(std::string_view input) {
    const std::string_view data =
        input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
    left_ -= data.size();
    return data;
}

BodyDecoder::Step BodyDecoder::decode_chunked(std::string_view input) {
    Step step;
    while (step.consumed < input.size() && step.state == State::more) {
        const std::string_view rest = input.substr(step.consumed);
        if (chunk_ == Chunk::data) {
            if (!step.data.empty()) break;  // one run a step
            step.data = take_data(rest);
            step.consumed += step.data.size();
            if (left_ == 0) chunk_ = Chunk::data_cr;
        } else if (chunk_ == Chunk::trailer) {
            step.consumed += take_trailer(rest, step.state);
        } else if (take_framing(rest.front())) {
            ++step.consumed;
        } else {
            chunk_ = Chunk::broken;
            step.state = State::malformed;
        }
    }
    return step;
}

bool BodyDecoder::take_framing(char byte) {
    switch (chunk_) {
        case Chunk::size_first:
            size_digits_ = 0;
            chunk_ = Chunk::size;
            return take_size_digit(byte);
        case Chunk::size:
            if (byte == '\r') {
                chunk_ = Chunk::size_lf;
                return true;
            }
            if (byte == ';') {
                chunk_ = Chunk::extension;
                extension_ = ChunkExtension{};
                return ++extension_bytes_ <= most_extension_bytes;
            }
            return take_size_digit(byte);
        case Chunk::extension:
            if (byte == '\r') {
                chunk_ = Chunk::size_lf;
                return extension_.may_end();
            }
            return extension_.take(byte) && ++extension_bytes_ <= most_extension_bytes;
        case Chunk::size_lf:
            chunk_ = left_ == 0 ? Chunk::trailer : Chunk::data;
            return byte == '\n';
        case Chunk::data_cr:
            chunk_ = Chunk::data_lf;
            return byte == '\r';
        case Chunk::data_lf:
            chunk_ = Chunk::size_first;
            return byte == '\n';
        case Chunk::broken:
            return false;
        case Chunk::data:
        case Chunk::trailer:
            break;
    }
    assert(false);
    return false;
}

bool BodyDecoder::take_size_digit(char byte) {
    const int value = hex_value(byte);
    if (value < 0 || size_digits_ == most_size_digits) return false;
    ++size_digits_;
    // Sixteen digits fit into 64 bits: nothing is shifted out.
    left_ = left_ << 4 | static_cast<std::uint64_t>(value);
    return left_ <= largest_chunk;
}

std::size_t BodyDecoder::take_trailer(std::string_view input, State &state) {
    const std::size_t lf = input.find('\n');
    const std::string_view piece = input.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    if (trailers_.size() + piece.size() > most_trailer_bytes) {
        chunk_ = Chunk::broken;
        state = State::trailers_too_large;
        return 0;
    }
    trailers_ += piece;
    if (lf == std::string_view::npos) return piece.size();

    if (!trailers_.ends_with("\r\n")) {
        chunk_ = Chunk::broken;
        state = State::malformed;
    } else if (trailers_.size() == 2) {
        trailers_.clear();
        done_ = true;
        state = State::done;
    } else if (trailers_.ends_with("\r\n\r\n")) {
        Fields fields;
        done_ = parse_fields(trailers_, HeadLimits{}, fields).has_value() &&
                std::ranges::all_of(fields, allowed_in_trailers);
        if (!done_) chunk_ = Chunk::broken;
        state = done_ ? State::done : State::malformed;
    }
    return piece.size();
}

std::string_view chunk_header(std::size_t size, char *buffer) {
    char *const end = std::to_chars(buffer, buffer + chunk_header_bytes - 2, size, 16).ptr;
    end[0] = '\r';
    end[1] = '\n';
    return {buffer, static_cast<std::size_t>(end + 2 - buffer)};
}

}  // namespace uvoy::http
