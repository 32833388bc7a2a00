#include "proxy/request_rules.h"

#include "http/bytes.h"

#include <charconv>

namespace uvoy::proxy {

namespace {

using http::FieldId;

Failure refusal(int status) {
    Failure failure = make_failure(Reason::bad_request, Phase::request_head);
    failure.status = status;
    return failure;
}

// False if something else than "100-continue" is expected.
bool read_expectations(const http::Fields &fields, bool &expects_continue) {
    if (!fields.has(FieldId::expect)) return true;
    bool known = true;
    for (const http::Field &field : fields) {
        if (field.id != FieldId::expect) continue;
        http::for_each_element(field.value, [&](std::string_view expectation) {
            if (http::equals_ignoring_case(expectation, "100-continue")) expects_continue = true;
            else known = false;
        });
    }
    return known;
}

// received-protocol RWS received-by [ RWS comment ] of one element of Via.
bool names(std::string_view element, std::string_view pseudonym) {
    const std::size_t space = element.find_first_of(" \t");
    if (space == std::string_view::npos) return false;
    std::string_view rest = element.substr(space);
    while (!rest.empty() && http::is_blank(rest.front())) rest.remove_prefix(1);
    return http::equals_ignoring_case(rest.substr(0, rest.find_first_of(" \t")), pseudonym);
}

bool is_looping(const http::Fields &fields, std::string_view pseudonym) {
    if (!fields.has(FieldId::via)) return false;
    bool looping = false;
    for (const http::Field &field : fields) {
        if (field.id != FieldId::via) continue;
        http::for_each_element(field.value, [&](std::string_view element) {
            looping = looping || names(element, pseudonym);
        });
    }
    return looping;
}

// 1*DIGIT, once; what does not fit is as good as the largest number.
bool read_max_forwards(const http::Fields &fields, std::optional<std::uint64_t> &value) {
    const http::Field *const field = fields.find(FieldId::max_forwards);
    if (field == nullptr) return true;
    if (fields.count(FieldId::max_forwards) != 1 || !http::digits.spell(field->value)) return false;
    value = UINT64_MAX;
    const char *const begin = field->value.data();
    std::from_chars(begin, begin + field->value.size(), *value);
    return true;
}

}  // namespace

Result<Course, Failure> chart_course(const http::RequestHead &head, const http::Framing &framing,
                                     std::string_view pseudonym) {
    Course course;
    const bool bodiless = framing.kind == http::Framing::Kind::none;
    if (!read_expectations(head.fields, course.expects_continue)) return Unexpected{refusal(417)};
    // RFC 9110 section 10.1.1: ignored in HTTP/1.0; and nobody waits to send nothing.
    if (head.version == http::Version::http10 || bodiless) course.expects_continue = false;
    // Section 9.3.8: a client must not send content in a TRACE request.
    if (head.method == http::Method::trace && !bodiless) return Unexpected{refusal(400)};
    if ((head.method == http::Method::trace || head.method == http::Method::options) &&
        !read_max_forwards(head.fields, course.max_forwards))
        return Unexpected{refusal(400)};
    if (is_looping(head.fields, pseudonym))
        return Unexpected{make_failure(Reason::loop_detected, Phase::request_head)};
    return course;
}

}  // namespace uvoy::proxy
