#pragma once

#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/result.h"
#include "server/apply_loop.h"
#include "server/caller.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/reconfiguration.h"
#include "server/replacement.h"
#include "state/members/member.h"

namespace server {

// What a leader does when a member asks to be replaced (replacement.h): it has it removed, then its
// successor added as a learner, one change after the other, each by the state as it is after
// everything that anybody was answered. Asking again, of whoever leads, goes on where that was
// left.
//
//   the successor is a member                  nothing is left to do
//   the member was removed for it              it is added
//   the member is one, and is not connected    it is removed, if the other voters that have been
//                                              connected long enough are a majority of all, and
//                                              another learner may be added
//
// Refused for good, with kFailedPrecondition: another cluster's; a member that is none, was removed
// for another reason, or has no others that vote; other peer URLs than its own; a successor that
// was removed. With kUnavailable what may be otherwise soon, so that it is to be asked again: also
// by a member that does not lead, naming who does.
//
// Any thread. Answers come on the apply loop, once, unless the member ends before. Each is awaited
// by a call, which bounds them.
class Replacing {
 public:
  struct Parts {
    base::MemberId self;
    base::ClusterId cluster;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
    Reconfiguration* reconfiguration;
    const Progress* progress;
  };
  Replacing(const Options& options, const Environment& environment, const Parts& parts);

  // The members, the successor among them.
  using OnReplaced = base::Callback<void(base::Result<std::vector<members::Member>> members)>;
  void Replace(Replacement replacement, const Caller& caller, OnReplaced on_replaced);

 private:
  struct Request;
  enum class Step { kNone, kRemove, kAdd };

  // What is to be done next, or why nothing may.
  base::Result<Step> NextStep(const Replacement& replacement) const;
  base::Result<Step> StepWithout(const Replacement& replacement) const;
  base::Status CheckMember(const Replacement& replacement, const members::Member& member) const;
  base::Status CheckLeads() const;
  void Advance(std::shared_ptr<Request> request);
  void Take(Step step, std::shared_ptr<Request> request);
  std::vector<members::Member> Members() const;

  const Options options_;
  const Environment environment_;
  const Parts parts_;
};

}  // namespace server
