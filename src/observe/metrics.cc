#include "observe/metrics.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "observe/text_format.h"

namespace observe {

struct Registry::Series {
  std::vector<std::unique_ptr<internal::NumberCell>> numbers;
  std::vector<std::unique_ptr<internal::HistogramCell>> histograms;
};

struct Registry::Entry {
  MetricType type;
  std::string help;
  std::map<Labels, Series> series;
};

namespace {

// By name, as Go's client writes them.
Labels Sorted(Labels labels) {
  std::sort(labels.begin(), labels.end());
  return labels;
}

prometheus::ClientMetric MetricOf(const Labels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

void SetValue(MetricType type, double value, prometheus::ClientMetric& metric) {
  if (type == MetricType::kCounter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

double SumOf(const std::vector<std::unique_ptr<internal::NumberCell>>& cells) {
  double sum = 0;
  for (const auto& cell : cells) sum += cell->value.load(std::memory_order_relaxed);
  return sum;
}

void SetHistogram(const std::vector<std::unique_ptr<internal::HistogramCell>>& cells,
                  prometheus::ClientMetric& metric) {
  const std::vector<double>& bounds = cells.front()->bounds;
  uint64_t cumulative = 0;
  for (size_t i = 0; i <= bounds.size(); ++i) {
    for (const auto& cell : cells) cumulative += cell->counts[i].load(std::memory_order_relaxed);
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  for (const auto& cell : cells) {
    metric.histogram.sample_sum += cell->sum.load(std::memory_order_relaxed);
  }
}

prometheus::MetricType SerializedType(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return prometheus::MetricType::Counter;
    case MetricType::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricType::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

using FamiliesByName = std::map<std::string, prometheus::MetricFamily, std::less<>>;

class CollectedSamples final : public Samples {
 public:
  explicit CollectedSamples(FamiliesByName& families) : families_(families) {}

  void Add(const Family& family, MetricType type, double value, Labels labels) override {
    prometheus::MetricFamily& into = families_[std::string(family.name)];
    if (into.metric.empty()) {
      into.name = family.name;
      into.help = family.help;
      into.type = SerializedType(type);
    }
    CHECK(into.type == SerializedType(type) && type != MetricType::kHistogram);
    prometheus::ClientMetric metric = MetricOf(Sorted(std::move(labels)));
    SetValue(type, value, metric);
    into.metric.push_back(std::move(metric));
  }

 private:
  FamiliesByName& families_;
};

bool SameNames(const Labels& a, const Labels& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

}  // namespace

void Histogram::Observe(double value) {
  const auto bound = std::lower_bound(cell_->bounds.begin(), cell_->bounds.end(), value);
  auto& count = cell_->counts[static_cast<size_t>(bound - cell_->bounds.begin())];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  cell_->sum.store(cell_->sum.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

Buckets Buckets::Exponential(double start, double factor, int count) {
  CHECK(start > 0 && factor > 1);
  Buckets buckets;
  for (double bound = start; count > 0; --count, bound *= factor) buckets.bounds.push_back(bound);
  return buckets;
}

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Series& Registry::SeriesOf(const Family& family, MetricType type, Labels labels) {
  auto found = families_.find(family.name);
  if (found == families_.end()) {
    found = families_.emplace(family.name, Entry{type, std::string(family.help), {}}).first;
  }
  Entry& entry = found->second;
  CHECK(entry.type == type);
  CHECK_EQ(entry.help, family.help);
  labels = Sorted(std::move(labels));
  CHECK(entry.series.empty() || SameNames(entry.series.begin()->first, labels));
  return entry.series[std::move(labels)];
}

Counter Registry::AddCounter(const Family& family, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& cells = SeriesOf(family, MetricType::kCounter, labels).numbers;
  return Counter(cells.emplace_back(std::make_unique<internal::NumberCell>()).get());
}

Gauge Registry::AddGauge(const Family& family, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& cells = SeriesOf(family, MetricType::kGauge, labels).numbers;
  return Gauge(cells.emplace_back(std::make_unique<internal::NumberCell>()).get());
}

Histogram Registry::AddHistogram(const Family& family, const Buckets& buckets,
                                 const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& cells = SeriesOf(family, MetricType::kHistogram, labels).histograms;
  CHECK(cells.empty() || cells.front()->bounds == buckets.bounds);
  cells.push_back(std::make_unique<internal::HistogramCell>(buckets.bounds));
  return Histogram(cells.back().get());
}

void Registry::AddCollector(std::function<void(Samples&)> collect) {
  const std::lock_guard lock(mutex_);
  collectors_.push_back(std::move(collect));
}

std::string Registry::Scrape() const {
  FamiliesByName families;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : families_) {
      prometheus::MetricFamily& family = families[name];
      family.name = name;
      family.help = entry.help;
      family.type = SerializedType(entry.type);
      for (const auto& [labels, series] : entry.series) {
        prometheus::ClientMetric& metric = family.metric.emplace_back(MetricOf(labels));
        if (entry.type == MetricType::kHistogram) {
          SetHistogram(series.histograms, metric);
        } else {
          SetValue(entry.type, SumOf(series.numbers), metric);
        }
      }
    }
    CollectedSamples samples(families);
    for (const auto& collect : collectors_) collect(samples);
  }
  std::vector<prometheus::MetricFamily> sorted;
  for (auto& [name, family] : families) sorted.push_back(std::move(family));
  return TextFormat(sorted);
}

}  // namespace observe
