#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "api/admission/meter.h"
#include "base/status.h"
#include "observe/metrics.h"
#include "state/admission/rule_set.h"
#include "state/auth/key_range.h"

namespace admission {

// A request that came too early.
struct Refusal {
  base::Status status;       // kResourceExhausted, naming the rule and what it limits
  runtime::Duration wait{};  // until it is worth trying again
};

// Who has let a request in: its answer counts there, too.
using Charged = std::vector<std::shared_ptr<Meter>>;

// The meters of all rules, of one member: what one loop lets in counts for the others. Any thread.
class Meters {
 public:
  // `memory_bytes` is what the member may hold for its clients; `current` says what the rules are
  // now, on any thread. The registry outlives this, and this outlives its scrapes.
  using Current = std::function<std::shared_ptr<const RuleSet>()>;
  Meters(size_t memory_bytes, Current current, observe::Registry* registry);

  struct Request {
    std::string_view user;  // empty: nobody
    const std::vector<auth::KeyRange>& keys;
    size_t bytes;
    runtime::TimePoint now;
  };
  // Takes room for it from each rule that holds for it, or from none. `rules` are those of now.
  //
  // While there are no rules it must be asked only if it still has meters, of rules that were.
  std::optional<Refusal> Admit(const std::shared_ptr<const RuleSet>& rules, const Request& request,
                               Charged* charged);

  bool has_meters() const { return has_meters_; }

 private:
  struct Table {
    std::shared_ptr<const RuleSet> rules;
    std::vector<std::shared_ptr<Meter>> meters;  // in the order of the rules
  };

  // A rule that is what it was keeps its meter.
  std::shared_ptr<const Table> TableOf(const std::shared_ptr<const RuleSet>& rules);
  void Collect(observe::Samples& samples);

  const size_t memory_bytes_;
  const Current current_;
  std::mutex mutex_;
  std::shared_ptr<const Table> table_;
  std::atomic<bool> has_meters_ = false;
};

}  // namespace admission
