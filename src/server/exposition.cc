#include "server/exposition.h"

#include "server/give_way.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

namespace uvoy::server {

namespace {

std::string_view type_name(prometheus::MetricType type) {
    switch (type) {
        case prometheus::MetricType::Counter:
            return "counter";
        case prometheus::MetricType::Gauge:
            return "gauge";
        case prometheus::MetricType::Summary:
            return "summary";
        case prometheus::MetricType::Histogram:
            return "histogram";
        default:
            return "untyped";
    }
}

/// Writes the series of one family.
class FamilyText {
public:
    FamilyText(std::string &out, const prometheus::MetricFamily &family)
        : out_{out}, family_{family} {}

    void write() {
        out_.append("# HELP ").append(family_.name).append(1, ' ').append(family_.help);
        out_.append("\n# TYPE ").append(family_.name).append(1, ' ');
        out_.append(type_name(family_.type)).append(1, '\n');
        for (const prometheus::ClientMetric &metric : family_.metric) {
            write(metric);
            give_way_.count();
        }
    }

private:
    void write(const prometheus::ClientMetric &metric) {
        labels_.clear();
        for (const prometheus::ClientMetric::Label &label : metric.label) add_label(label);
        switch (family_.type) {
            case prometheus::MetricType::Counter:
                return line("", metric.counter.value);
            case prometheus::MetricType::Gauge:
                return line("", metric.gauge.value);
            case prometheus::MetricType::Summary:
                return write(metric.summary);
            case prometheus::MetricType::Histogram:
                return write(metric.histogram);
            default:
                return line("", metric.untyped.value);
        }
    }

    void write(const prometheus::ClientMetric::Summary &summary) {
        line("_count", summary.sample_count);
        line("_sum", summary.sample_sum);
        for (const auto &quantile : summary.quantile)
            line_with("", "quantile", quantile.quantile, quantile.value);
    }

    void write(const prometheus::ClientMetric::Histogram &histogram) {
        line("_count", histogram.sample_count);
        line("_sum", histogram.sample_sum);
        double last = -std::numeric_limits<double>::infinity();
        for (const auto &bucket : histogram.bucket) {
            line_with("_bucket", "le", bucket.upper_bound, bucket.cumulative_count);
            last = bucket.upper_bound;
        }
        if (last != std::numeric_limits<double>::infinity())
            line_with("_bucket", "le", std::numeric_limits<double>::infinity(),
                      histogram.sample_count);
    }

    /// Escaped as the format asks for.
    void add_label(const prometheus::ClientMetric::Label &label) {
        if (!labels_.empty()) labels_.append(1, ',');
        labels_.append(label.name).append("=\"");
        for (const char c : label.value) {
            if (c == '\n') {
                labels_.append("\\n");
                continue;
            }
            if (c == '\\' || c == '"') labels_.append(1, '\\');
            labels_.append(1, c);
        }
        labels_.append(1, '"');
    }

    template <typename Value>
    void line(std::string_view suffix, Value value) {
        out_.append(family_.name).append(suffix);
        if (!labels_.empty()) out_.append(1, '{').append(labels_).append(1, '}');
        out_.append(1, ' ');
        number(value);
        out_.append(1, '\n');
    }

    /// With one label more.
    template <typename Value>
    void line_with(std::string_view suffix, std::string_view label, double bound, Value value) {
        out_.append(family_.name).append(suffix).append(1, '{').append(labels_);
        if (!labels_.empty()) out_.append(1, ',');
        out_.append(label).append("=\"");
        number(bound);
        out_.append("\"} ");
        number(value);
        out_.append(1, '\n');
    }

    template <typename Value, typename... Format>
    void number(Value value, Format... format) {
        std::array<char, 32> digits;
        char *const last = digits.data() + digits.size();
        out_.append(digits.data(), std::to_chars(digits.data(), last, value, format...).ptr);
    }

    void number(double value) {
        // Most are counts, and whole numbers are the same in both forms.
        constexpr double whole = 1LL << 53;
        constexpr int digits = std::numeric_limits<double>::max_digits10 - 1;
        if (std::isnan(value)) {
            out_.append("NaN");
        } else if (std::isinf(value)) {
            out_.append(value < 0 ? "-Inf" : "+Inf");
        } else if (std::abs(value) < whole && std::trunc(value) == value) {
            number(static_cast<std::int64_t>(value));
        } else {
            number(value, std::chars_format::general, digits);
        }
    }

    std::string &out_;
    const prometheus::MetricFamily &family_;
    std::string labels_;
    GiveWay give_way_;
};

}  // namespace

std::string exposition(const MetricFamilies &families) {
    std::string text;
    for (const prometheus::MetricFamily &family : families) FamilyText{text, family}.write();
    return text;
}

}  // namespace uvoy::server
