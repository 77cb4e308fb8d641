#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <vector>

#include "raft/types.h"

// Decisions of majorities, as arithmetic: who is needed, what they have acknowledged or voted.

namespace raft {

// Members in ascending order; a majority of them decides.
class MemberSet {
 public:
  MemberSet() = default;
  MemberSet(std::initializer_list<MemberId> members);
  explicit MemberSet(const std::vector<MemberId>& members);

  bool Contains(MemberId member) const;
  void Insert(MemberId member);
  void Erase(MemberId member);
  void Clear() { members_.clear(); }

  bool empty() const { return members_.empty(); }
  size_t size() const { return members_.size(); }
  auto begin() const { return members_.begin(); }
  auto end() const { return members_.end(); }
  const std::vector<MemberId>& members() const { return members_; }

  friend bool operator==(const MemberSet&, const MemberSet&) = default;

 private:
  std::vector<MemberId> members_;
};

MemberSet Union(const MemberSet& a, const MemberSet& b);

// What each member has acknowledged: a log position, or a place in a queue of reads.
class AckedIndexer {
 public:
  virtual ~AckedIndexer() = default;
  // Nothing if the member never reported; it then counts as 0.
  virtual std::optional<Index> AckedIndex(MemberId member) const = 0;
};

// A granted or refused vote of each member that has answered.
using Votes = std::map<MemberId, bool>;

enum class VoteResult : uint8_t { kPending, kLost, kWon };

// The empty set stands for "no further condition": everything is committed, each vote is won, so
// that the half-empty joint configuration decides as its other half does.
inline constexpr Index kAllCommitted{kNoLimit};

// The largest index that a majority of `members` has acknowledged.
Index CommittedIndex(const MemberSet& members, const AckedIndexer& acked);
VoteResult ResultOf(const MemberSet& members, const Votes& votes);

// Two majorities that must agree; outgoing is empty except in the midst of a change.
struct JointConfig {
  MemberSet incoming;
  MemberSet outgoing;

  bool IsJoint() const { return !outgoing.empty(); }
  bool Contains(MemberId member) const {
    return incoming.Contains(member) || outgoing.Contains(member);
  }
  MemberSet Members() const { return Union(incoming, outgoing); }

  friend bool operator==(const JointConfig&, const JointConfig&) = default;
};

Index CommittedIndex(const JointConfig& config, const AckedIndexer& acked);
VoteResult ResultOf(const JointConfig& config, const Votes& votes);

}  // namespace raft
