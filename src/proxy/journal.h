#pragma once

#include "base/text_buffer.h"
#include "base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uvoy::proxy {

/// What is remembered of an exchange for its log line.  Texts are copied, since the bytes that they
/// were parsed from are gone when the line is written; the buffer is reused.
class Journal {
public:
    enum class Text : std::uint8_t {
        request_id,
        trace_id,
        method,
        host,
        path,
        query,
        user_agent,
        referer,
        upgrade,
        client,
        backend
    };

    void clear();
    void set(Text which, std::string_view text);
    std::string_view get(Text which) const;
    /// Gives the buffer back if it holds more than `usual` bytes.
    void trim(std::size_t usual) {
        if (buffer_.capacity() > usual) buffer_.give_memory_back();
    }

    std::uint64_t received = 0;  ///< bytes of the request, head and framing included
    std::uint64_t sent = 0;      ///< bytes of the response
    std::uint64_t interim = 0;   ///< of sent: those of interim responses
    std::uint64_t head = 0;      ///< of sent: those of the response's head
    int status = 0;
    Duration wait{-1};        ///< for a connection; negative = did not come to it
    Duration connect{-1};     ///< of the connection that was made for it
    Duration first_byte{-1};  ///< from the head being sent to the response's first byte

private:
    struct Place {
        std::uint32_t at = 0;
        std::uint32_t size = 0;
    };
    TextBuffer buffer_;
    std::array<Place, 11> places_{};
};

inline void Journal::clear() {
    buffer_.clear();
    places_ = {};
    received = sent = interim = head = 0;
    status = 0;
    wait = connect = first_byte = Duration{-1};
}

inline void Journal::set(Text which, std::string_view text) {
    places_[static_cast<std::size_t>(which)] = {static_cast<std::uint32_t>(buffer_.size()),
                                                static_cast<std::uint32_t>(text.size())};
    TextWriter{buffer_}.add(text);
}

inline std::string_view Journal::get(Text which) const {
    const Place place = places_[static_cast<std::size_t>(which)];
    return buffer_.view().substr(place.at, place.size);
}

}  // namespace uvoy::proxy
