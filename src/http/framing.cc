#include "http/framing.h"

#include "http/bytes.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace uvoy::http {

namespace {

using Framed = Result<Framing, FramingError>;

constexpr std::uint64_t largest_length = INT64_MAX;

/// The fields that delimit a body.
struct Delimiters {
    const Field *length = nullptr;
    const Field *coding = nullptr;
    std::size_t lengths = 0;
    std::size_t codings = 0;
};

Delimiters delimiters_of(const Fields &fields) {
    Delimiters found;
    for (const Field &field : fields) {
        if (field.id == FieldId::content_length) {
            found.length = &field;
            ++found.lengths;
        } else if (field.id == FieldId::transfer_encoding) {
            found.coding = &field;
            ++found.codings;
        }
    }
    return found;
}

// One field with one number.  RFC 9110 section 8.6 lets a recipient take "5, 5" for "5"; whoever
// sends that is broken or probing, and the next hop may not agree with us.
std::optional<std::uint64_t> parse_length(const Delimiters &found) {
    const std::string_view text = found.length->value;
    if (found.lengths != 1 || !digits.spell(text)) return std::nullopt;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc{} || length > largest_length) return std::nullopt;
    return length;
}

// None if the transfer coding is exactly "chunked".
std::optional<FramingError> coding_error(const Delimiters &found, Version version) {
    // RFC 9112 section 6.1: in HTTP/1.0 it is the sign of a faulty or hostile framing.
    if (version == Version::http10 || found.codings != 1)
        return FramingError::bad_transfer_encoding;
    const std::string_view value = found.coding->value;
    if (equals_ignoring_case(value, "chunked")) return std::nullopt;

    std::size_t codings = 0;
    std::size_t chunked = 0;
    bool chunked_is_last = false;
    for_each_element(value, [&](std::string_view coding) {
        ++codings;
        chunked_is_last = equals_ignoring_case(coding, "chunked");
        if (chunked_is_last) ++chunked;
    });
    // Section 6.3, rule 4: without chunked at the end the length is unknown, which outranks that
    // the coding is.
    if (!chunked_is_last || chunked != 1 || codings == 1)
        return FramingError::bad_transfer_encoding;
    return FramingError::unknown_coding;
}

Framed sized(std::uint64_t length) {
    if (length == 0) return Framing{};
    return Framing{Framing::Kind::sized, length};
}

// By the fields alone; `otherwise` if there are none.
Framed by_fields(const Fields &fields, Version version, Framing::Kind otherwise) {
    if (!fields.has(FieldId::content_length) && !fields.has(FieldId::transfer_encoding))
        return Framing{otherwise, 0};
    const Delimiters found = delimiters_of(fields);
    // Section 6.3, rule 3: "ought to be handled as an error".
    if (found.lengths != 0 && found.codings != 0) return Unexpected{FramingError::both};
    if (found.codings != 0) {
        if (const auto error = coding_error(found, version)) return Unexpected{*error};
        return Framing{Framing::Kind::chunked, 0};
    }
    const auto length = parse_length(found);
    if (!length) return Unexpected{FramingError::bad_content_length};
    return sized(*length);
}

}  // namespace

Result<Framing, FramingError> request_framing(const RequestHead &head) {
    // RFC 9110 section 9.3.6: CONNECT has no content.  Bytes that claim to be some would be read
    // as part of the tunnel by one hop and as a body by another.
    if (head.method == Method::connect) {
        const Delimiters found = delimiters_of(head.fields);
        if (found.lengths != 0 || found.codings != 0)
            return Unexpected{FramingError::bad_content_length};
        return Framing{};
    }
    return by_fields(head.fields, head.version, Framing::Kind::none);
}

Result<Framing, FramingError> response_framing(const ResponseHead &head, Method request_method) {
    // Rule 2: whatever the fields of a successful CONNECT say is to be ignored.
    if (request_method == Method::connect && head.status >= 200 && head.status <= 299)
        return Framing{Framing::Kind::tunnel, 0};

    const Framed framed = by_fields(head.fields, head.version, Framing::Kind::until_close);
    if (!framed) return framed;

    // Rule 1 ends 1xx and 204 with the head, and RFC 9112 section 6.1 and RFC 9110 section 8.6
    // forbid both fields in them.  A sender that announces a body there is likely to send it, and
    // its bytes would pass for the next response: so refuse, all but the harmless "0".
    if (head.status < 200 || head.status == 204) {
        if (framed->kind == Framing::Kind::chunked)
            return Unexpected{FramingError::bad_transfer_encoding};
        if (framed->kind == Framing::Kind::sized)
            return Unexpected{FramingError::bad_content_length};
        return Framing{head.status == 101 ? Framing::Kind::tunnel : Framing::Kind::none, 0};
    }

    // In these the fields speak of the body that a GET would have had.
    if (request_method == Method::head || head.status == 304) return Framing{};
    return framed;
}

bool keeps_alive(Version version, const Fields &fields) {
    bool close = false;
    bool keep_alive = version == Version::http11;
    if (!fields.has(FieldId::connection)) return keep_alive;
    for (const Field &field : fields) {
        if (field.id != FieldId::connection) continue;
        if (field.value == "keep-alive") {  // as most say it
            keep_alive = true;
            continue;
        }
        for_each_element(field.value, [&](std::string_view option) {
            close = close || equals_ignoring_case(option, "close");
            keep_alive = keep_alive || equals_ignoring_case(option, "keep-alive");
        });
    }
    return keep_alive && !close;
}

}  // namespace uvoy::http
