#include "server/tree_metrics.h"

#include "state/v2/event.h"

namespace server {
namespace {

using observe::Family;
using observe::MetricType;
using v2::Action;

constexpr Family kReads = {"etcd_debugging_store_reads_total",
                           "Reads of the v2 store at this member."};
constexpr Family kReadsFailed = {"etcd_debugging_store_reads_failed_total",
                                 "Reads of the v2 store at this member that found nothing."};
constexpr Family kWrites = {"etcd_debugging_store_writes_total",
                            "Changes of the v2 store that were asked for."};
constexpr Family kWritesFailed = {"etcd_debugging_store_writes_failed_total",
                                  "Changes of the v2 store that were refused."};
constexpr Family kExpires = {"etcd_debugging_store_expires_total",
                             "Keys of the v2 store that ran out."};

struct Pair {
  const Family* all;
  const Family* failed;
};

// Compat: there is no series before the first of its action.
void Collect(const Pair& families, const char* action, uint64_t successes, uint64_t failures,
             observe::Samples& samples) {
  const auto add = [&](const Family& family, uint64_t count) {
    if (count == 0) return;
    samples.Add(family, MetricType::kCounter, static_cast<double>(count), {{"action", action}});
  };
  add(*families.all, successes + failures);
  add(*families.failed, failures);
}

}  // namespace

void CollectTree(const v2::Statistics& counts, observe::Samples& samples) {
  const Pair reads{&kReads, &kReadsFailed};
  for (const Action action :
       {Action::kSet, Action::kUpdate, Action::kCreate, Action::kCompareAndSwap, Action::kDelete,
        Action::kCompareAndDelete}) {
    Collect({&kWrites, &kWritesFailed}, v2::NameOf(action), counts.count(action, true),
            counts.count(action, false), samples);
  }
  const uint64_t recursive = counts.recursive(true);
  const uint64_t recursive_failed = counts.recursive(false);
  // Read first: what they are a part of may have grown since.
  Collect(reads, "get", counts.count(Action::kGet, true) - recursive,
          counts.count(Action::kGet, false) - recursive_failed, samples);
  Collect(reads, "getRecursive", recursive, recursive_failed, samples);
  samples.Add(kExpires, MetricType::kCounter,
              static_cast<double>(counts.count(Action::kExpire, true)));
}

}  // namespace server
