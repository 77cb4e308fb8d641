#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/time.h"

// Metrics for Prometheus, cheap where they are counted.
//
// A writer obtains a handle of its own for one family and one set of labels when it is set up: a
// cell that it alone writes, with relaxed stores and without a locked instruction. The scraper
// reads all cells at any time and sums those with equal labels, so that threads share nothing but a
// page. A scrape may see one of two changes that a writer made together.

namespace observe {

// Name and help of a family; constants of the modules that measure.
struct Family {
  std::string_view name;
  std::string_view help;
};

// Pairs of name and value, in any order. The names are the same in all of a family.
using Labels = std::vector<std::pair<std::string, std::string>>;

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

namespace internal {

// One cell fills a cache line, so that writers on different cores do not disturb each other.
struct alignas(64) NumberCell {
  std::atomic<double> value{0};
};

struct alignas(64) HistogramCell {
  explicit HistogramCell(const std::vector<double>& the_bounds)
      : bounds(the_bounds), counts(the_bounds.size() + 1) {}

  // Upper bounds, inclusive, ascending; the last count is that of infinity.
  const std::vector<double> bounds;
  std::vector<std::atomic<uint64_t>> counts;
  std::atomic<double> sum{0};
};

}  // namespace internal

// The handles. Copyable; one thread at a time writes through a handle and its copies. Valid as long
// as the registry.
class Counter {
 public:
  explicit Counter(internal::NumberCell* cell) : cell_(cell) {}

  // `amount` is not negative.
  void Add(double amount = 1) {
    cell_->value.store(cell_->value.load(std::memory_order_relaxed) + amount,
                       std::memory_order_relaxed);
  }

 private:
  internal::NumberCell* cell_;
};

// The gauge that is scraped is the sum of its writers' values.
class Gauge {
 public:
  explicit Gauge(internal::NumberCell* cell) : cell_(cell) {}

  void Set(double value) { cell_->value.store(value, std::memory_order_relaxed); }
  void Add(double amount) { Set(cell_->value.load(std::memory_order_relaxed) + amount); }

 private:
  internal::NumberCell* cell_;
};

class Histogram {
 public:
  explicit Histogram(internal::HistogramCell* cell) : cell_(cell) {}

  void Observe(double value);
  // In seconds, as Prometheus counts time.
  void Observe(runtime::Duration duration) {
    Observe(std::chrono::duration<double>(duration).count());
  }

 private:
  internal::HistogramCell* cell_;
};

// The upper bounds of a histogram, without infinity.
struct Buckets {
  std::vector<double> bounds;

  // start, start * factor, ...: `count` bounds.
  static Buckets Exponential(double start, double factor, int count);
};

// What a collector finds at a scrape.
class Samples {
 public:
  virtual ~Samples() = default;
  // `type` is kCounter or kGauge.
  virtual void Add(const Family& family, MetricType type, double value, Labels labels = {}) = 0;
};

// All families of a process. Any thread; setting up and scraping take a lock, counting does not.
// What was added stays, so that no counter ever goes back.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A family's type, help, label names and buckets are those of its first cell; it is a broken
  // invariant to ask for others.
  Counter AddCounter(const Family& family, const Labels& labels = {});
  Gauge AddGauge(const Family& family, const Labels& labels = {});
  Histogram AddHistogram(const Family& family, const Buckets& buckets, const Labels& labels = {});

  // `collect` runs in every scrape, on its thread, and must not call this registry. Its families
  // have no cells.
  void AddCollector(std::function<void(Samples&)> collect);

  // Everything in Prometheus' text format 0.0.4, families by name, series by labels.
  std::string Scrape() const;

 private:
  struct Series;
  struct Entry;

  Series& SeriesOf(const Family& family, MetricType type, Labels labels);

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> families_;
  std::vector<std::function<void(Samples&)>> collectors_;
};

}  // namespace observe
