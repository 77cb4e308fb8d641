#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace runtime {

// What a failpoint does when it is reached: gofail's terms, "2*sleep(100)->50.0%panic". Each time
// the first term of the chain that is still to be had acts, and none after it.
struct FailpointTerm {
  enum class Action : uint8_t { kOff, kSleep, kPanic, kPrint };

  // All must allow it: a chance from 0 to 1, or how many times are left.
  std::vector<double> chances;
  std::vector<uint64_t> counts;
  Action action = Action::kOff;
  std::chrono::nanoseconds sleep{0};
  std::string text;  // of a panic; empty: the point's name is told
};

// kInvalidArgument, "failpoint: could not parse terms". `return` is understood and does nothing,
// as no place here has a value to return; `break`, which calls a debugger, is not understood.
base::Result<std::vector<FailpointTerm>> ParseFailpointTerms(std::string_view text);

// Failpoints by name, and what is set for each. Any thread.
class FailpointTable {
 public:
  // What ends the process; never returns. A test has another.
  using Panic = std::function<void(std::string_view message)>;

  // `names` are valid as long as this.
  explicit FailpointTable(std::span<const std::string_view> names);
  FailpointTable(std::span<const std::string_view> names, Panic panic);
  ~FailpointTable();

  // kNotFound, "failpoint: failpoint does not exist"; or what ParseFailpointTerms says.
  base::Status Set(std::string_view name, std::string_view terms);
  // "name=terms;name=terms": all of them, or none and why.
  base::Status SetAll(std::string_view text);
  // Takes back what was set. kNotFound; kFailedPrecondition if nothing was set.
  base::Status Clear(std::string_view name);

  struct State {
    std::string terms;
    uint64_t count = 0;  // how often a term acted since it was set
  };
  // kNotFound; kFailedPrecondition, "failpoint: failpoint is disabled", if nothing is set.
  base::Result<State> Get(std::string_view name) const;
  // Lines of "name=terms", by name.
  std::string List() const;

  // Does what is set for the index-th name: returns at once if nothing is.
  void Reach(size_t index);

  // While it lives no failpoint ends the process, so that an answer can go out. One thread at a
  // time.
  std::unique_lock<std::mutex> HoldPanics() { return std::unique_lock(panic_mutex_); }

 private:
  struct Point;

  Point* Find(std::string_view name) const;
  void Act(const FailpointTerm& term, std::string_view name);

  const std::span<const std::string_view> names_;
  const Panic panic_;
  std::unique_ptr<Point[]> points_;
  std::mutex panic_mutex_;
};

}  // namespace runtime
