#include "raft/quorum.h"

#include <algorithm>
#include <array>

#include "raft/planted.h"

namespace raft {
namespace {

size_t MajorityOf(size_t members) {
  return members / 2 + 1;
}

}  // namespace

MemberSet::MemberSet(std::initializer_list<MemberId> members)
    : MemberSet(std::vector<MemberId>(members)) {}

MemberSet::MemberSet(const std::vector<MemberId>& members) : members_(members) {
  std::sort(members_.begin(), members_.end());
  members_.erase(std::unique(members_.begin(), members_.end()), members_.end());
}

bool MemberSet::Contains(MemberId member) const {
  return std::binary_search(members_.begin(), members_.end(), member);
}

void MemberSet::Insert(MemberId member) {
  const auto at = std::lower_bound(members_.begin(), members_.end(), member);
  if (at == members_.end() || *at != member) members_.insert(at, member);
}

void MemberSet::Erase(MemberId member) {
  const auto at = std::lower_bound(members_.begin(), members_.end(), member);
  if (at != members_.end() && *at == member) members_.erase(at);
}

MemberSet Union(const MemberSet& a, const MemberSet& b) {
  std::vector<MemberId> both = a.members();
  both.insert(both.end(), b.begin(), b.end());
  return MemberSet(both);
}

Index CommittedIndex(const MemberSet& members, const AckedIndexer& acked) {
  if (members.empty()) return kAllCommitted;
  // Clusters rarely have more than seven voters; those take no allocation.
  std::array<Index, 7> few;
  std::vector<Index> many;
  Index* indexes = few.data();
  if (members.size() > few.size()) {
    many.resize(members.size());
    indexes = many.data();
  }
  size_t count = 0;
  for (MemberId member : members) indexes[count++] = acked.AckedIndex(member).value_or(Index(0));
  // The majority's smallest: the MajorityOf-th largest.
  const size_t place = count - MajorityOf(count);
  std::nth_element(indexes, indexes + place, indexes + count);
  return indexes[place];
}

VoteResult ResultOf(const MemberSet& members, const Votes& votes) {
  if (members.empty()) return VoteResult::kWon;
  size_t granted = 0;
  size_t missing = 0;
  for (MemberId member : members) {
    const auto vote = votes.find(member);
    if (vote == votes.end()) {
      ++missing;
    } else if (vote->second) {
      ++granted;
    }
  }
  const size_t needed = MajorityOf(members.size());
  if (granted >= needed) return VoteResult::kWon;
  return granted + missing >= needed ? VoteResult::kPending : VoteResult::kLost;
}

Index CommittedIndex(const JointConfig& config, const AckedIndexer& acked) {
  const Index incoming = CommittedIndex(config.incoming, acked);
  if (Planted(PlantedBug::kHalfOfJointQuorum)) return incoming;
  return std::min(incoming, CommittedIndex(config.outgoing, acked));
}

VoteResult ResultOf(const JointConfig& config, const Votes& votes) {
  const VoteResult incoming = ResultOf(config.incoming, votes);
  const VoteResult outgoing = ResultOf(config.outgoing, votes);
  if (Planted(PlantedBug::kHalfOfJointQuorum) && config.IsJoint()) return outgoing;
  if (incoming == outgoing) return incoming;
  const bool lost = incoming == VoteResult::kLost || outgoing == VoteResult::kLost;
  return lost ? VoteResult::kLost : VoteResult::kPending;
}

}  // namespace raft
