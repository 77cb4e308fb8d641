#include "server/hash_comparison.h"

#include <algorithm>

namespace server {

// Why these hold of members that have not diverged: an answer was given before the leader's read
// index, so what its member had applied is below that; and a compaction is an entry like others.
std::vector<Contradiction> Contradictions(const LeaderKeys& leader, const MemberHashes& told) {
  std::vector<Contradiction> found;
  for (const auto& [member, answer] : told) {
    if (!answer.ok()) continue;
    const int64_t compacted = answer->hash.compact_revision;
    if (answer->current > leader.current) {
      found.push_back({member, "revision from follower must be less than or equal to leader's"});
    } else if (compacted > leader.compacted.value()) {
      found.push_back(
          {member, "compact revision from follower must be less than or equal to leader's"});
    } else if (compacted == leader.asked.compact_revision &&
               answer->hash.hash != leader.asked.hash) {
      found.push_back({member, "same compact revision then hashes must match"});
    }
  }
  return found;
}

HashVerdict CompareCompaction(base::MemberId self, const mvcc::KeyValueHash& own,
                              const MemberHashes& told) {
  HashVerdict verdict;
  verdict.groups[own.hash].push_back(self);
  for (const auto& [member, answer] : told) {
    if (!answer.ok() || answer->hash.compact_revision != own.compact_revision) continue;
    ++verdict.checked;
    verdict.groups[answer->hash.hash].push_back(member);
  }
  if (verdict.groups.size() == 1) {
    if (verdict.checked != told.size()) verdict.outcome = HashVerdict::Outcome::kIncomplete;
    return verdict;
  }
  verdict.outcome = HashVerdict::Outcome::kDifferent;
  const size_t majority = (told.size() + 1) / 2 + 1;
  const bool has_majority =
      std::any_of(verdict.groups.begin(), verdict.groups.end(),
                  [majority](const auto& group) { return group.second.size() >= majority; });
  if (!has_majority) return verdict;
  for (const auto& [hash, members] : verdict.groups) {
    if (members.size() >= majority) continue;
    verdict.corrupt.insert(verdict.corrupt.end(), members.begin(), members.end());
  }
  std::sort(verdict.corrupt.begin(), verdict.corrupt.end());
  return verdict;
}

}  // namespace server
