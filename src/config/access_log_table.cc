#include "config/tables.h"

namespace uvoy::config {

namespace {

Type<std::string> log_path() {
    const Form form{.expects = "\"stdout\" or the absolute path of a file",
                    .pattern = "stdout|/.+"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        const bool path = string.starts_with('/') && !string.ends_with('/');
        const bool sane = string.size() <= 4095 && string.find('\0') == string.npos;
        if (string == "stdout" || (path && sane)) return string;
        return Unexpected<std::string>{quote(string) + " is not " + form.expects};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

Type<LogFormat> log_format() {
    return string_type<LogFormat>({.expects = "\"json\", \"combined\" or a text with %{field}",
                                   .pattern = log_format_pattern()},
                                  parse_log_format,
                                  [](const LogFormat &format) { return json_string(format.text); });
}

}  // namespace

const Table<AccessLog> &access_log_table() {
    using T = AccessLog;
    static const Table<T> table{
        .noun = "an access log",
        .keys = {key<T>("path", &T::path, log_path(), "a file, or \"stdout\""),
                 key<T>("format", &T::format, log_format(),
                        "\"json\": one object a line; \"combined\": the lines of Apache and nginx; "
                        "or a text with the fields of the JSON format, such as %{status}; %% is a "
                        "percent sign"),
                 key<T>("sample", &T::sample, share(),
                        "how many of the lines are written; those of errors always are"),
                 key<T>("only", &T::only,
                        choice<LogOnly>({{"all", LogOnly::all}, {"errors", LogOnly::errors}}),
                        "\"errors\": a status of 500 or more, or an answer that was cut off by no "
                        "fault of the client")}};
    return table;
}

}  // namespace uvoy::config
