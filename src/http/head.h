#pragma once

#include "base/result.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace uvoy::http {

enum class Method : std::uint8_t {
    get,
    head,
    post,
    put,
    delete_,
    connect,
    options,
    trace,
    patch,
    other,  ///< any other token; RequestHead::method_text has it
};

inline constexpr std::size_t method_count = static_cast<std::size_t>(Method::other) + 1;

/// "GET"; "other" for Method::other.
std::string_view name(Method method);

/// RFC 9110 section 9.2.2.  Method::other is not.
bool is_idempotent(Method method);

enum class Version : std::uint8_t { http10, http11 };

/// Fields that the proxy itself looks at.  All others are `other`.
enum class FieldId : std::uint8_t {
    other,
    connection,
    content_length,
    cookie,
    date,
    expect,
    forwarded,
    host,
    http2_settings,
    keep_alive,
    max_forwards,
    proxy_authenticate,
    proxy_authorization,
    proxy_connection,
    proxy_status,
    referer,
    retry_after,
    server,
    te,
    traceparent,
    tracestate,
    trailer,
    transfer_encoding,
    upgrade,
    user_agent,
    via,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_proto,
    x_real_ip,
    x_request_id,
    x_uvoy_attempt,

    x_forwarded_other,  ///< any other X-Forwarded-*
    lookalike,          ///< one of the above but for "_" in place of "-", as CGI names confuse them
};

/// Case-insensitive look-up.
FieldId field_id(std::string_view name);

/// One field line.  Name and value point into the bytes that were parsed; the value has no leading
/// or trailing white space.
struct Field {
    std::string_view name;
    std::string_view value;
    FieldId id = FieldId::other;
    /// The bytes that were parsed are exactly name, ": ", value and CRLF, one behind the other.
    bool plain = false;
};

class Fields : private std::vector<Field> {
public:
    using std::vector<Field>::begin;
    using std::vector<Field>::end;
    using std::vector<Field>::empty;
    using std::vector<Field>::front;
    using std::vector<Field>::back;
    using std::vector<Field>::size;
    using std::vector<Field>::operator[];

    void push_back(const Field &field) {
        std::vector<Field>::push_back(field);
        present_ |= bit(field.id);
    }
    void clear() {
        std::vector<Field>::clear();
        present_ = 0;
    }

    /// Whether there is a field of that id.
    bool has(FieldId id) const { return (present_ & bit(id)) != 0; }
    /// First field of that id, or nullptr.
    const Field *find(FieldId id) const { return has(id) ? first(id) : nullptr; }
    /// First field of that name (case-insensitive), or nullptr.
    const Field *find(std::string_view name) const;
    std::size_t count(FieldId id) const;

private:
    static constexpr std::uint64_t bit(FieldId id) {
        return std::uint64_t{1} << static_cast<unsigned>(id);
    }
    const Field *first(FieldId id) const;

    std::uint64_t present_ = 0;  // a bit an id
};

struct RequestHead {
    Method method = Method::get;
    Version version = Version::http11;
    std::string_view method_text;
    std::string_view target;
    Fields fields;
};

struct ResponseHead {
    int status = 0;
    Version version = Version::http11;
    std::string_view reason_phrase;
    /// "200 OK": status and reason phrase as they came, with CRLF right behind them.  Empty if
    /// there is no reason phrase.
    std::string_view status_text;
    Fields fields;
};

struct HeadLimits {
    std::size_t header_bytes = std::size_t{32} * 1024;  ///< start line and fields together
    std::size_t headers = 128;
    std::size_t target_bytes = std::size_t{16} * 1024;
};

enum class HeadError : std::uint8_t {
    malformed,            ///< 400
    unsupported_version,  ///< 505
    target_too_long,      ///< 414
    head_too_large,       ///< 431: bytes
    too_many_fields,      ///< 431
};

/// Finds where a head ends in bytes that may arrive in pieces, in linear time over all calls, and
/// refuses early what can never become a head: a LF without CR (RFC 9112 section 2.2), more than
/// `limits.header_bytes`.
class HeadScanner {
public:
    struct Found {
        std::size_t begin;  ///< start line begins here: empty lines before it are skipped
        std::size_t end;    ///< one past the empty line that ends the head; 0 = need more bytes
    };

    /// `bytes` always starts at the same first byte; what earlier calls saw is not looked at again.
    Result<Found, HeadError> scan(std::string_view bytes, const HeadLimits &limits);

    /// Nothing has been looked at.
    bool fresh() const { return seen_ == 0; }
    void reset() { *this = HeadScanner{}; }

    /// The caller drops the empty lines that it was told of: bytes start behind them from now on.
    void drop_empty_lines() {
        dropped_ += begin_;
        begin_ = line_ = seen_ = 0;
    }

private:
    std::size_t dropped_ = 0;  // bytes of empty lines
    std::size_t begin_ = 0;    // start line
    std::size_t line_ = 0;     // start of the line being looked at
    std::size_t seen_ = 0;     // bytes looked at
};

struct Parsed {};  ///< the value of a parse whose output is an argument

/// Parses exactly one head, as HeadScanner found it, into `out` whose vector is reused.
/// Views point into `bytes`.
Result<Parsed, HeadError> parse_request(std::string_view bytes, const HeadLimits &limits,
                                        RequestHead &out);
Result<Parsed, HeadError> parse_response(std::string_view bytes, const HeadLimits &limits,
                                         ResponseHead &out);

/// The same at once for what most heads are: whole, good, and at the front of `bytes`.  Returns the
/// length of the head; 0 if it is another, which HeadScanner and the functions above have to judge.
std::size_t parse_whole_request(std::string_view bytes, const HeadLimits &limits, RequestHead &out);
std::size_t parse_whole_response(std::string_view bytes, const HeadLimits &limits,
                                 ResponseHead &out);

/// Parses field lines up to and with the empty line: a trailer section.
Result<Parsed, HeadError> parse_fields(std::string_view bytes, const HeadLimits &limits,
                                       Fields &out);

}  // namespace uvoy::http
