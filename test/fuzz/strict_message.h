#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::fuzz {

/// A message as a reader understands it that knows the grammar of RFC 9112 and forgives nothing. It
/// shares no code with src/: where both agree, the message is not ambiguous.
struct StrictMessage {
    enum class Body : std::uint8_t { none, sized, chunked, until_close };
    struct Field {
        std::string name;  ///< in lower case
        std::string value;
    };

    std::string start_line;
    std::vector<Field> fields;
    Body framing = Body::none;
    std::string body;
    std::vector<Field> trailers;

    std::size_t count(std::string_view name) const;
    /// Of the first such field; empty if there is none.
    std::string value(std::string_view name) const;
    std::string method() const { return start_line.substr(0, start_line.find(' ')); }
    std::string target() const;
    /// Of a response.
    int status() const;
};

struct Taken {
    enum class Verdict : std::uint8_t { whole, incomplete, malformed };

    Verdict verdict = Verdict::incomplete;
    std::string why{};     ///< if malformed
    std::size_t size = 0;  ///< bytes of the message, if whole
    StrictMessage message{};
};

/// Takes a message off the front of `bytes`, which uvoy has written.  What no proxy may send on is
/// malformed too: hop-by-hop fields, a request without exactly one Host, a body where there is
/// none.
Taken take_request(std::string_view bytes);
/// `ended`: no more bytes will come.
Taken take_response(std::string_view bytes, bool to_head, bool ended);

}  // namespace uvoy::fuzz
