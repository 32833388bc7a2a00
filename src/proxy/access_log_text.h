#pragma once

#include "config/log_format.h"
#include "proxy/access_log_line.h"

#include <cstddef>
#include <span>
#include <string>

namespace uvoy::proxy {

/// Writes the record as a line of text, of any format but JSON, and a line feed.  Returns its
/// length, 0 if `out` is too small for it.  No allocation.
///
/// What is absent is "-".  Of what comes from outside, control characters, quotation marks,
/// backslashes and bytes beyond ASCII become \xHH, as nginx writes them: between quotation marks
/// nobody forges the end of a field.  Times are those of UTC.
std::size_t format_text(const ExchangeRecord &record, const config::LogFormat &format,
                        std::span<char> out);

/// The record in any format, into a string that grows as it must; one that is reused seldom does.
void append_access_log_line(std::string &line, const ExchangeRecord &record,
                            const config::LogFormat &format);

}  // namespace uvoy::proxy
