#include "server/worker_log.h"

#include "proxy/access_log_text.h"

#include <algorithm>
#include <optional>

namespace uvoy::server {

namespace {

constexpr std::uint32_t all = 10'000;

}  // namespace

WorkerLog::WorkerLog(std::span<const LogStream> streams, std::size_t ring_bytes, std::uint64_t seed)
    : streams_{streams},
      chooses_{std::ranges::any_of(streams, [](const auto &each) { return each.share < all; })},
      random_{seed} {
    for (std::size_t i = 0; i < streams.size(); ++i)
        rings_.push_back(std::make_unique<LogRing>(ring_bytes));
}

std::size_t WorkerLog::write(const proxy::ExchangeRecord &record) {
    // One draw for all: what is in a small sample is in the larger ones too.
    const bool chosen = !chooses_ || proxy::is_error(record);
    const std::uint32_t drawn = chosen ? 0 : random_.below(all);
    std::size_t lost = 0;
    std::optional<std::size_t> made;
    std::string_view line;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        const LogStream &stream = streams_[i];
        if (!chosen && drawn >= stream.share) continue;
        if (made != stream.format_number) line = line_of(record, stream.format);
        made = stream.format_number;
        if (!rings_[i]->push(line)) lost += stream.logs.size();
    }
    return lost;
}

std::string_view WorkerLog::line_of(const proxy::ExchangeRecord &record,
                                    const config::LogFormat &format) {
    const std::size_t size = format.is_json() ? proxy::format_json(record, line_)
                                              : proxy::format_text(record, format, line_);
    if (size > 0) return {line_.data(), size};
    long_line_.clear();
    proxy::append_access_log_line(long_line_, record, format);
    return long_line_;
}

}  // namespace uvoy::server
