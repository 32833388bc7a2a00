#include "server/admin_page.h"

#include "http/framing.h"

#include <string>

namespace uvoy::server {

namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// RFC 9110 section 12.4.2: a weight of zero says "not acceptable".
bool has_no_weight(std::string_view parameters) {
    while (!parameters.empty()) {
        const std::size_t end = parameters.find(';');
        const std::string_view parameter = trimmed(parameters.substr(0, end));
        parameters =
            end == std::string_view::npos ? std::string_view{} : parameters.substr(end + 1);
        if (parameter.size() < 3 || !http::equals_ignoring_case(parameter.substr(0, 2), "q="))
            continue;
        return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
    }
    return false;
}

}  // namespace

bool wants_page(const http::RequestHead &head) {
    bool wants = false;
    for (const http::Field &field : head.fields) {
        if (!http::equals_ignoring_case(field.name, "accept")) continue;
        http::for_each_element(field.value, [&](std::string_view range) {
            const std::size_t end = range.find(';');
            if (!http::equals_ignoring_case(trimmed(range.substr(0, end)), "text/html")) return;
            wants = end == std::string_view::npos || !has_no_weight(range.substr(end + 1));
        });
    }
    return wants;
}

proxy::LocalAnswer page_answer() {
    return {.content_type = "text/html; charset=utf-8",
            .headers = {{"Content-Security-Policy", std::string{ui_policy}},
                        {"Referrer-Policy", "no-referrer"},
                        {"Vary", "Accept"}},
            .body = std::string{ui_document}};
}

}  // namespace uvoy::server
