#include "server/log_hold.h"

#include <algorithm>

namespace server {

void LogHold::Begin(base::MemberId member, base::Index at) {
  held_[member] = {at, runtime::TimePoint::max()};
}

void LogHold::Delivered(base::MemberId member, bool delivered, runtime::TimePoint now) {
  const auto found = held_.find(member);
  if (found == held_.end()) return;
  if (delivered) {
    found->second.until = now + kPatience;
  } else {
    held_.erase(found);
  }
}

void LogHold::Update(const raft::Node& node, runtime::TimePoint now) {
  const raft::Leader* const leader = node.AsLeader();
  if (leader == nullptr) return Clear();
  for (auto each = held_.begin(); each != held_.end();) {
    const auto progress = leader->progress.find(each->first);
    const bool holds = progress != leader->progress.end() &&
                       Follow(&each->second, progress->second.match(), now) &&
                       each->second.have < node.log().committed();
    each = holds ? std::next(each) : held_.erase(each);
  }
}

bool LogHold::Follow(Held* held, base::Index match, runtime::TimePoint now) {
  if (match > held->have) *held = {match, now + kPatience};
  return now < held->until;
}

base::Index LogHold::Limit(base::Index limit) const {
  for (const auto& [member, held] : held_) limit = std::min(limit, held.have);
  return limit;
}

}  // namespace server
