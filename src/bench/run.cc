#include "bench/run.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <utility>

namespace bench {
namespace {

// The loads of a run, one a thread that has clients, and the wait for them.
class Loads {
 public:
  Loads(Fleet* fleet, Control* control, const RunOptions& options)
      : fleet_(*fleet), control_(*control), options_(options) {
    std::vector<std::vector<size_t>> clients(fleet->threads());
    for (size_t i = 0; i < options.load.clients; ++i) {
      clients[fleet->ThreadOf(ConnectionOf(i))].push_back(i);
    }
    std::erase_if(clients, [](const auto& numbers) { return numbers.empty(); });
    for (size_t thread = 0; thread < clients.size(); ++thread) {
      Add(thread, clients.size(), std::move(clients[thread]));
    }
  }
  // No call is under way any more.
  ~Loads() {
    for (size_t thread = 0; thread < loads_.size(); ++thread) {
      fleet_.RunAndWait(thread, [this, thread] { loads_[thread].reset(); });
    }
  }
  Loads(const Loads&) = delete;
  Loads& operator=(const Loads&) = delete;

  void Start() {
    const runtime::TimePoint now = fleet_.loop(0).clock().Now();
    for (size_t thread = 0; thread < loads_.size(); ++thread) {
      fleet_.loop(thread).Post([this, thread, now] { loads_[thread]->Start(now); });
    }
  }

  Cut Wait() {
    const Cut cut = bench::Wait(&fleet_, &control_,
                                {.has_ended = [this] { return HasEnded(); },
                                 .answered = [this] { return Sum(&Load::answered); },
                                 .failed = [this] { return Sum(&Load::failed); },
                                 .patience = options_.patience,
                                 .progress = options_.progress});
    for (size_t thread = 0; !cut.ok() && thread < loads_.size(); ++thread) {
      fleet_.RunAndWait(thread, [this, thread] { loads_[thread]->Abandon(); });
    }
    return cut;
  }

  void Take(RunResult* result) {
    result->kinds = NoResults();
    for (const std::vector<Results>& kinds : results_) {
      for (size_t i = 0; i < result->kinds.size(); ++i) result->kinds[i].Add(kinds[i]);
    }
    for (const auto& load : loads_) result->took = std::max(result->took, load->took());
  }

 private:
  std::vector<Results> NoResults() const {
    return std::vector<Results>(options_.load.kinds, Results(options_.load.keeps_seconds));
  }
  void Add(size_t thread, size_t threads, std::vector<size_t> clients) {
    ctl::LoadOptions options = options_.load;
    options.clients = clients.size();
    options.first = thread;
    options.step = threads;
    auto begin = [this, requests = options_.requests(thread), clients = std::move(clients)](
                     size_t client, uint64_t number, Load::Done done) {
      const size_t global = clients[client];
      requests(fleet_.connection(ConnectionOf(global)), global, number, std::move(done));
    };
    std::vector<Results>& results = results_.emplace_back(NoResults());
    auto record = [&results](const ctl::LoadEnding& ending) {
      Results& kind = results[ending.kind];
      if (!ending.status.ok()) return kind.RecordError(ending.status);
      kind.RecordDone(ending.at, ending.latency, ending.began);
    };
    loads_.emplace_back();
    fleet_.RunAndWait(thread, [&] {
      loads_.back() = std::make_unique<Load>(&fleet_.loop(thread), options, std::move(begin),
                                             std::move(record), [this] {
                                               ++ended_;
                                               control_.parker().Unpark();
                                             });
    });
  }
  size_t ConnectionOf(size_t client) const {
    return options_.connection.value_or(client % fleet_.connections());
  }
  bool HasEnded() {
    if (!stopping_ && options_.is_enough()) {
      stopping_ = true;
      for (size_t thread = 0; thread < loads_.size(); ++thread) {
        fleet_.RunAndWait(thread, [this, thread] { loads_[thread]->Stop(); });
      }
    }
    return ended_ == loads_.size();
  }
  uint64_t Sum(uint64_t (Load::*count)() const) const {
    uint64_t sum = 0;
    for (const auto& load : loads_) sum += (*load.*count)();
    return sum;
  }

  Fleet& fleet_;
  Control& control_;
  const RunOptions options_;
  std::deque<std::vector<Results>> results_;  // of each load, by kind; stay where they are
  std::vector<std::unique_ptr<Load>> loads_;
  bool stopping_ = false;
  std::atomic<size_t> ended_ = 0;
};

}  // namespace

RunResult Run(Fleet* fleet, Control* control, const RunOptions& options) {
  RunResult result;
  const auto loads = std::make_shared<Loads>(fleet, control, options);
  loads->Start();
  result.cut = loads->Wait();
  loads->Take(&result);
  fleet->Keep(loads);
  return result;
}

}  // namespace bench
