#include "ctl/metrics_text.h"

#include <cstdlib>
#include <limits>
#include <utility>

namespace ctl {
namespace {

// Reads one line from the front on. Anything odd ends it.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  std::string_view Name() {
    const size_t end = std::min(rest_.find_first_of("{ \t"), rest_.size());
    const std::string_view name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return name;
  }
  std::optional<MetricsText::Labels> Labels() {
    MetricsText::Labels labels;
    if (!Take('{')) return labels;
    while (!Take('}')) {
      const size_t equals = rest_.find('=');
      if (equals == rest_.npos) return std::nullopt;
      std::string name(rest_.substr(0, equals));
      rest_.remove_prefix(equals + 1);
      auto value = Quoted();
      if (!value.has_value()) return std::nullopt;
      labels[std::move(name)] = *std::move(value);
      Take(',');
    }
    return labels;
  }
  std::optional<double> Value() {
    while (Take(' ') || Take('\t')) {
    }
    const std::string text(rest_.substr(0, rest_.find_first_of(" \t")));
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') return std::nullopt;
    return value;
  }

 private:
  bool Take(char character) {
    if (!rest_.starts_with(character)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> Quoted() {
    if (!Take('"')) return std::nullopt;
    std::string text;
    for (size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (rest_[i] != '\\') {
        text += rest_[i];
      } else if (++i < rest_.size()) {
        text += rest_[i] == 'n' ? '\n' : rest_[i];
      }
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

// `below`: how many observations were not above each limit.
std::optional<double> QuantileOf(const std::map<double, double>& below, double q) {
  if (below.empty() || below.rbegin()->second <= 0) return std::nullopt;
  const double count = below.rbegin()->second;
  for (const auto& [limit, observed] : below) {
    if (observed >= q * count) return limit;
  }
  return below.rbegin()->first;
}

}  // namespace

MetricsText::MetricsText(std::string_view page) {
  while (!page.empty()) {
    const size_t end = std::min(page.find('\n'), page.size());
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(std::min(end + 1, page.size()));
    if (line.starts_with('#')) continue;
    LineReader reader(line);
    const std::string_view name = reader.Name();
    auto labels = reader.Labels();
    if (name.empty() || !labels.has_value()) continue;
    const std::optional<double> value = reader.Value();
    if (value.has_value()) samples_[std::string(name)].push_back({*std::move(labels), *value});
  }
}

const std::vector<MetricsText::Sample>& MetricsText::Samples(std::string_view name) const {
  static const std::vector<Sample> none;
  const auto found = samples_.find(name);
  return found == samples_.end() ? none : found->second;
}

std::optional<double> MetricsText::Value(std::string_view name) const {
  const auto& samples = Samples(name);
  if (samples.empty()) return std::nullopt;
  return samples.front().value;
}

std::optional<double> MetricsText::Sum(std::string_view name, const Labels& labels) const {
  std::optional<double> sum;
  for (const Sample& sample : Samples(name)) {
    bool has_all = true;
    for (const auto& [label, value] : labels) {
      const auto found = sample.labels.find(label);
      has_all = has_all && found != sample.labels.end() && found->second == value;
    }
    if (has_all) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

std::map<double, double> MetricsText::Buckets(std::string_view histogram) const {
  std::map<double, double> below;
  for (const Sample& sample : Samples(std::string(histogram) + "_bucket")) {
    const auto limit = sample.labels.find("le");
    if (limit == sample.labels.end()) continue;
    below[limit->second == "+Inf" ? std::numeric_limits<double>::infinity()
                                  : std::strtod(limit->second.c_str(), nullptr)] += sample.value;
  }
  return below;
}

std::optional<double> MetricsText::Quantile(std::string_view histogram, double q) const {
  return QuantileOf(Buckets(histogram), q);
}

std::optional<double> MetricsText::QuantileSince(const MetricsText& before,
                                                 std::string_view histogram, double q) const {
  std::map<double, double> below = Buckets(histogram);
  for (const auto& [limit, observed] : before.Buckets(histogram)) below[limit] -= observed;
  return QuantileOf(below, q);
}

}  // namespace ctl
