#include "api/admission/meters.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/come_back.h"

namespace admission {
namespace {

constexpr observe::Family kRequests{"cornerstore_admission_requests_total",
                                    "Requests that were let in by a rule."};
constexpr observe::Family kBytes{
    "cornerstore_admission_bytes_total",
    "Bytes of requests that were let in by a rule, and of their answers."};
constexpr observe::Family kRefused{"cornerstore_admission_refused_total",
                                   "Requests that a rule has refused, by what it limits."};
constexpr observe::Family kMemory{"cornerstore_admission_memory_bytes",
                                  "What is held for the connections of a rule's user."};

Refusal RefusalOf(const Meter& meter, const Meter::Obstacle& obstacle) {
  std::string text(base::kAdmissionRule);
  text += meter.rule().name() + ": too much of " + std::string(NameOf(obstacle.limit));
  return {{base::Code::kResourceExhausted, text}, obstacle.wait};
}

}  // namespace

Meters::Meters(size_t memory_bytes, Current current, observe::Registry* registry)
    : memory_bytes_(memory_bytes),
      current_(std::move(current)),
      table_(std::make_shared<const Table>()) {
  registry->AddCollector([this](observe::Samples& samples) { Collect(samples); });
}

std::optional<Refusal> Meters::Admit(const std::shared_ptr<const RuleSet>& rules,
                                     const Request& request, Charged* charged) {
  const std::shared_ptr<const Table> table = TableOf(rules);
  const std::vector<RuleSet::Place> found = rules->Find(request.user, request.keys);
  Meter* slowest = nullptr;
  std::optional<Meter::Obstacle> obstacle;
  for (const RuleSet::Place place : found) {
    Meter& meter = *table->meters[place];
    const auto seen = meter.Look(request.now);
    if (!seen.has_value() || (obstacle.has_value() && seen->wait <= obstacle->wait)) continue;
    slowest = &meter;
    obstacle = seen;
  }
  if (slowest != nullptr) {
    slowest->CountRefused(obstacle->limit);
    return RefusalOf(*slowest, *obstacle);
  }
  for (const RuleSet::Place place : found) {
    table->meters[place]->TakeRequest(request.bytes, request.now);
    charged->push_back(table->meters[place]);
  }
  return std::nullopt;
}

std::shared_ptr<const Meters::Table> Meters::TableOf(const std::shared_ptr<const RuleSet>& rules) {
  const std::lock_guard lock(mutex_);
  if (table_->rules == rules) return table_;
  std::map<std::string, std::shared_ptr<Meter>> known;
  for (const auto& meter : table_->meters) {
    known.emplace(meter->rule().SerializeAsString(), meter);
  }
  auto table = std::make_shared<Table>();
  table->rules = rules;
  for (const admissionpb::Rule& rule : rules->rules()) {
    std::shared_ptr<Meter>& meter = known[rule.SerializeAsString()];
    if (meter == nullptr) meter = std::make_shared<Meter>(rule, memory_bytes_);
    table->meters.push_back(meter);
  }
  table_ = std::move(table);
  has_meters_ = !table_->meters.empty();
  return table_;
}

void Meters::Collect(observe::Samples& samples) {
  const std::shared_ptr<const Table> table = TableOf(current_());
  const auto add = [&](const observe::Family& family, observe::MetricType type, uint64_t value,
                       observe::Labels labels) {
    samples.Add(family, type, static_cast<double>(value), std::move(labels));
  };
  for (const auto& meter : table->meters) {
    const std::pair<std::string, std::string> rule{"rule", meter->rule().name()};
    add(kRequests, observe::MetricType::kCounter, meter->admitted(), {rule});
    add(kBytes, observe::MetricType::kCounter, meter->bytes(), {rule});
    for (const Limit limit : kLimits) {
      add(kRefused, observe::MetricType::kCounter, meter->refused(limit),
          {rule, {"limit", std::string(NameOf(limit))}});
    }
    if (meter->memory() == nullptr) continue;
    add(kMemory, observe::MetricType::kGauge, meter->memory()->used(), {rule});
  }
}

}  // namespace admission
