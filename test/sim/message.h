#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::sim {

/// What request number `id` looks like and what its answer must be: pure functions of the number,
/// so that client and endpoint agree without talking about it, and a mixed-up answer shows.
struct Plan {
    enum class Body : std::uint8_t { none, sized, chunked };
    enum class Answer : std::uint8_t { sized, chunked, until_close, no_content, early };

    explicit Plan(std::uint64_t id);

    std::uint64_t id;
    std::string method;
    bool http10 = false;
    Body body = Body::none;
    std::size_t request_size = 0;
    Answer answer = Answer::sized;
    std::size_t response_size = 0;
    bool interim = false;   ///< a 103 before the answer
    bool trailers = false;  ///< in chunked bodies
    bool tunnel = false;    ///< switches protocols; then each side sends its content and ends

    bool idempotent() const { return method != "POST"; }
    /// `attempt` tells one sending of the same request from another.
    std::string request(std::uint32_t attempt) const;
    /// As an endpoint writes it.
    std::string response() const;
};

/// The request number in a target, "/17?attempt=1"; 0 if there is none.
std::uint64_t id_of(std::string_view target);

/// `size` bytes that belong to `id` and to nothing else.
std::string content(std::uint64_t id, std::size_t size);

/// A message as read by an independent and deliberately simple parser.
struct Message {
    std::string start_line;
    std::map<std::string, std::string>
        fields;  ///< names in lower case; repeated ones joined by ","
    std::string body;
    bool until_close = false;

    int status() const;
};

/// Takes one whole message off the front of `bytes`; nothing if it is not whole yet.
/// `bodiless`: the answer to HEAD.  `ended`: no more bytes will come.  Sets `malformed` if the
/// bytes can never become a message.
std::optional<Message> take_message(std::string &bytes, bool bodiless, bool ended, bool &malformed);

}  // namespace uvoy::sim
