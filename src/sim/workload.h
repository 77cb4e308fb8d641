#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/bytes.h"
#include "runtime/random.h"
#include "server/server.h"
#include "sim/checker.h"
#include "sim/process.h"

namespace sim {

// What clients ask of the members and hold against them: every revision that was acknowledged was
// given once, is where it was said to be, and is seen by every linearizable read that begins
// afterwards. Outlives the processes.
class Workload {
 public:
  Workload(runtime::Random* random, Checker* checker) : random_(*random), checker_(*checker) {}

  // One request to a member, answered some time or never.
  void Write(Process& process);
  void Read(Process& process);

  // Compares what the members hold with each other and with what was acknowledged; they have
  // nothing more to apply.
  void CheckAll(const std::vector<Process*>& processes);

  uint64_t acknowledged() const { return acknowledged_writes_; }
  uint64_t reads_answered() const { return reads_answered_; }

 private:
  struct Put {
    std::string key;
    std::string value;
  };
  using OnRevision = std::function<void(base::Revision revision)>;

  void Propose(Process& process, uint32_t field, const std::string& request, OnRevision on_done);
  void PutKey(Process& process);
  void DeleteKey(Process& process);
  void CompareAndPut(Process& process);
  void Compact(Process& process);
  void Acknowledge(base::Revision revision, Put put);
  void CheckHistory(Process& process);
  std::string DrawKey() { return "key" + std::to_string(random_.Below(20)); }
  std::string NewValue();

  runtime::Random& random_;
  Checker& checker_;
  uint64_t values_ = 0;
  std::map<base::Revision, Put> puts_;  // acknowledged
  base::Revision newest_;               // acknowledged, of any kind
  uint64_t acknowledged_writes_ = 0;
  uint64_t reads_answered_ = 0;
};

}  // namespace sim
