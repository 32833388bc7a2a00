#include "server/log_stream.h"

#include <algorithm>
#include <tuple>

namespace uvoy::server {

std::vector<LogStream> log_streams(std::span<const config::AccessLog> logs) {
    std::vector<config::LogFormat> formats;
    std::vector<LogStream> streams;
    const auto key = [](const LogStream &stream) {
        return std::tuple{stream.format_number, stream.share};
    };
    for (std::size_t i = 0; i < logs.size(); ++i) {
        const config::AccessLog &log = logs[i];
        const auto format = std::ranges::find(formats, log.format);
        LogStream stream{.format = log.format,
                         .format_number = static_cast<std::size_t>(format - formats.begin()),
                         .share = log.only == config::LogOnly::errors ? 0 : log.sample.basis_points,
                         .logs = {i}};
        if (format == formats.end()) formats.push_back(log.format);
        const auto place = std::ranges::lower_bound(streams, key(stream), {}, key);
        if (place != streams.end() && key(*place) == key(stream)) place->logs.push_back(i);
        else streams.insert(place, std::move(stream));
    }
    return streams;
}

}  // namespace uvoy::server
