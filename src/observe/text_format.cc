#include "observe/text_format.h"

#include <prometheus/metric_family.h>

#include <charconv>
#include <cmath>
#include <string_view>

// Grammar:
//
//   text   = { "# HELP " name " " help "\n" "# TYPE " name " " type "\n" { sample } }
//   sample = name [ "{" label { "," label } "}" ] " " number "\n"
//   label  = name "=" '"' value '"'
//
// A histogram has samples name_bucket, with a label "le" behind the others, name_sum, name_count.

namespace observe {
namespace {

constexpr double kExponentFrom = 1e6;
constexpr double kExponentBelow = 1e-4;

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::abs(value);
  const bool has_exponent = size != 0 && (size < kExponentBelow || size >= kExponentFrom);
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    has_exponent ? std::chars_format::scientific : std::chars_format::fixed);
  return std::string(buffer, static_cast<size_t>(end.ptr - buffer));
}

const char* TypeName(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "untyped";
  }
}

void AppendEscaped(std::string_view text, bool quotes, std::string* out) {
  for (const char c : text) {
    if (c == '\n') {
      *out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      *out += '\\';
      *out += c;
    } else {
      *out += c;
    }
  }
}

class Writer {
 public:
  explicit Writer(const prometheus::MetricFamily& family) : family_(family) {}

  std::string Write() {
    out_ = "# HELP " + family_.name + " ";
    AppendEscaped(family_.help, false, &out_);
    out_ += "\n# TYPE " + family_.name + " " + TypeName(family_.type) + "\n";
    for (const prometheus::ClientMetric& metric : family_.metric) {
      switch (family_.type) {
        case prometheus::MetricType::Counter:
          AddSample("", metric, "", metric.counter.value);
          break;
        case prometheus::MetricType::Histogram:
          AddHistogram(metric);
          break;
        default:
          AddSample("", metric, "", metric.gauge.value);
      }
    }
    return std::move(out_);
  }

 private:
  void AddHistogram(const prometheus::ClientMetric& metric) {
    for (const auto& bucket : metric.histogram.bucket) {
      AddSample("_bucket", metric, Number(bucket.upper_bound),
                static_cast<double>(bucket.cumulative_count));
    }
    AddSample("_sum", metric, "", metric.histogram.sample_sum);
    AddSample("_count", metric, "", static_cast<double>(metric.histogram.sample_count));
  }

  void AddSample(std::string_view suffix, const prometheus::ClientMetric& metric,
                 std::string_view bound, double value) {
    (out_ += family_.name) += suffix;
    char separator = '{';
    for (const auto& label : metric.label) {
      AddLabel(separator, label.name, label.value);
      separator = ',';
    }
    if (!bound.empty()) {
      AddLabel(separator, "le", bound);
      separator = ',';
    }
    if (separator == ',') out_ += '}';
    (out_ += ' ') += Number(value);
    out_ += '\n';
  }

  void AddLabel(char separator, std::string_view name, std::string_view value) {
    out_ += separator;
    (out_ += name) += "=\"";
    AppendEscaped(value, true, &out_);
    out_ += '"';
  }

  const prometheus::MetricFamily& family_;
  std::string out_;
};

}  // namespace

std::string TextFormat(const std::vector<prometheus::MetricFamily>& families) {
  std::string out;
  for (const prometheus::MetricFamily& family : families) out += Writer(family).Write();
  return out;
}

}  // namespace observe
