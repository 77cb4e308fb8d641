#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctl {

// What a member's /metrics says: Prometheus' text format, of which lines that are none are passed
// over.
class MetricsText {
 public:
  using Labels = std::map<std::string, std::string, std::less<>>;
  struct Sample {
    Labels labels;
    double value;
  };

  explicit MetricsText(std::string_view page);

  // Of that name, in their order.
  const std::vector<Sample>& Samples(std::string_view name) const;
  // The first of that name; nothing if there is none.
  std::optional<double> Value(std::string_view name) const;
  // The sum of those that have all of `labels`; nothing if there is none.
  std::optional<double> Sum(std::string_view name, const Labels& labels = {}) const;
  // An upper bound of the quantile `q` (0 to 1) of a histogram, over all its series: the limit of
  // the bucket that it lies in, in the histogram's unit; infinite beyond the last one. Nothing
  // without observations.
  std::optional<double> Quantile(std::string_view histogram, double q) const;

  // The same of what was observed since an earlier page of the same process.
  std::optional<double> QuantileSince(const MetricsText& before, std::string_view histogram,
                                      double q) const;

 private:
  // By limit, how many observations are not above it.
  std::map<double, double> Buckets(std::string_view histogram) const;

  std::map<std::string, std::vector<Sample>, std::less<>> samples_;
};

}  // namespace ctl
