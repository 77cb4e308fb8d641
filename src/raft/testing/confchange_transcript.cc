#include "raft/testing/confchange_transcript.h"

#include <sstream>

#include "raft/confchange.h"
#include "raft/testing/printer.h"

namespace raft::testing {

std::vector<ConfChangeSingle> ParseChanges(const std::string& text) {
  std::vector<ConfChangeSingle> changes;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    const size_t type = std::string_view("vrul").find(word[0]);
    changes.push_back({static_cast<ConfChangeType>(type), MemberId(ToNumber(word.substr(1)))});
  }
  return changes;
}

namespace {

base::Result<Membership> Step(const Case& c, const Membership& from) {
  const std::vector<ConfChangeSingle> changes = ParseChanges(c.input);
  if (c.command == "simple") return SimpleChange(from, changes);
  if (c.command == "leave-joint") return LeaveJoint(from);
  const auto* auto_leave = c.Find("autoleave");
  return EnterJoint(from, auto_leave != nullptr && auto_leave->front() == "true", changes);
}

}  // namespace

std::string ConfChangeTranscript::Handle(const Case& c) {
  const base::Result<Membership> next = Step(c, membership_);
  const Index last = last_index_;
  ++last_index_;
  if (!next.ok()) return std::string(next.status().message());
  membership_ = *next;
  ReconcileProgress(membership_, last, {10, 0}, &progress_);
  return Print(membership_) + "\n" + Print(progress_);
}

}  // namespace raft::testing
