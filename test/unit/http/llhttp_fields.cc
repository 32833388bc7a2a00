#include "llhttp_fields.h"

#include "http/bytes.h"

#include <llhttp.h>

#include <cassert>

namespace uvoy::http {

namespace {

/// Gathers the spans that llhttp reports and proves that they, with colons, blanks and CRLFs
/// between them, are all of the bytes: whatever llhttp would skip or join is refused here.
class Gatherer {
public:
    Gatherer(std::string_view bytes, std::size_t most_fields, Fields &out)
        : at_{bytes.data()}, end_{at_ + bytes.size()}, most_fields_{most_fields}, out_{out} {}

    void name(const char *at, std::size_t size) { name_ = {at, size}; }
    void value(const char *at, std::size_t size) {
        // A second span of one value is a folded line (obs-fold, RFC 9112 section 5.2).
        if (!value_.empty()) folded_ = true;
        value_ = {at, size};
    }

    /// One field line is complete.  False if it is refused; error() says why.
    bool field() {
        if (out_.size() == most_fields_) {
            error_ = HeadError::too_many_fields;
            return false;
        }
        if (folded_ || name_.data() != at_ || !token_bytes.spell(name_)) return false;
        at_ += name_.size();
        if (at_ == end_ || *at_ != ':') return false;
        skip_blanks(++at_);
        // llhttp reports an empty value behind its line.
        if (value_.empty()) value_ = {at_, at_};
        if (value_.data() != at_ || !is_text(value_)) return false;
        at_ += value_.size();
        while (!value_.empty() && is_blank(value_.back())) value_.remove_suffix(1);
        skip_blanks(at_);
        if (!take_line_end()) return false;
        out_.push_back(Field{name_, value_, field_id(name_)});
        name_ = value_ = {};
        return true;
    }

    /// The empty line was seen.
    void finish() { complete_ = take_line_end() && at_ == end_; }

    bool complete() const { return complete_; }
    HeadError error() const { return error_; }

private:
    void skip_blanks(const char *from) {
        at_ = from;
        while (at_ != end_ && is_blank(*at_)) ++at_;
    }

    bool take_line_end() {
        if (end_ - at_ < 2 || at_[0] != '\r' || at_[1] != '\n') return false;
        at_ += 2;
        return true;
    }

    const char *at_;
    const char *end_;
    std::size_t most_fields_;
    Fields &out_;
    std::string_view name_;
    std::string_view value_;
    HeadError error_ = HeadError::malformed;
    bool folded_ = false;
    bool complete_ = false;
};

Gatherer &gatherer(llhttp_t *parser) { return *static_cast<Gatherer *>(parser->data); }

/// llhttp as it stands after the start line, to be copied for each head.
class Primed {
public:
    Primed() {
        llhttp_settings_init(&settings_);
        settings_.on_header_field = [](llhttp_t *parser, const char *at, std::size_t size) {
            gatherer(parser).name(at, size);
            return 0;
        };
        settings_.on_header_field_complete = [](llhttp_t *parser) {
            // To llhttp all fields are alike from here: what lengths and codings mean is judged in
            // framing.cc, and a tab behind a Content-Length is no mistake.
            parser->header_state = 0;
            return 0;
        };
        settings_.on_header_value = [](llhttp_t *parser, const char *at, std::size_t size) {
            gatherer(parser).value(at, size);
            return 0;
        };
        settings_.on_header_value_complete = [](llhttp_t *parser) {
            return gatherer(parser).field() ? 0 : int{HPE_USER};
        };
        settings_.on_headers_complete = [](llhttp_t *parser) {
            gatherer(parser).finish();
            return int{HPE_PAUSED};  // the body is not llhttp's
        };
        llhttp_init(&parser_, HTTP_RESPONSE, &settings_);
        constexpr std::string_view start_line = "HTTP/1.1 200 OK\r\n";
        const auto error = llhttp_execute(&parser_, start_line.data(), start_line.size());
        assert(error == HPE_OK);
    }
    Primed(const Primed &) = delete;
    Primed &operator=(const Primed &) = delete;

    llhttp_t copy() const { return parser_; }

private:
    llhttp_settings_t settings_;  // parser_ points to it
    llhttp_t parser_;
};

}  // namespace

Result<Parsed, HeadError> parse_fields_by_llhttp(std::string_view bytes, const HeadLimits &limits,
                                                 Fields &out) {
    static const Primed primed;
    out.clear();
    Gatherer gatherer{bytes, limits.headers, out};
    llhttp_t parser = primed.copy();
    parser.data = &gatherer;
    const auto error = llhttp_execute(&parser, bytes.data(), bytes.size());
    if (error != HPE_PAUSED || !gatherer.complete()) return Unexpected{gatherer.error()};
    return Parsed{};
}

}  // namespace uvoy::http
