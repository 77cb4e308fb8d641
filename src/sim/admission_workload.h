#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/admission.pb.h"
#include "runtime/random.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/time.h"
#include "sim/checker.h"
#include "sim/client.h"
#include "sim/process.h"
#include "sim/spell.h"

namespace sim {

// Admission rules, about keys that nobody else touches, are set, deleted and listed: whoever lists
// them sees those that are known to be there, and none that is known to be gone. Each is set once.
// Outlives the clients.
class AdmissionWorkload {
 public:
  // Has some client call some member, as who may do that.
  using Ask = std::function<void(const char* path, std::string request,
                                 std::function<void(const Client::Answer& answer)> done)>;
  // All outlive this.
  AdmissionWorkload(runtime::simulated::Scheduler* scheduler, Checker* checker, Ask ask);

  // One request.
  void Act();
  // Compares what members hold that have nothing more to apply.
  static void CheckAll(const std::vector<Process*>& processes, Checker* checker);

 private:
  void Set();
  void Delete(size_t number);
  void List();
  void OnList(const admissionpb::RuleListResponse& response, runtime::TimePoint asked);
  void Fail(size_t number, const std::string& what);

  const runtime::Clock& clock_;
  runtime::Random& random_;
  Checker& checker_;
  const Ask ask_;
  std::vector<Spell> rules_;  // by number, which is part of the name
};

}  // namespace sim
