#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "server/transport.h"
#include "storage/mvcc/hasher.h"

// What the hashes of members say of their keys. Two that were taken at one revision with one
// compact revision are equal, whatever else their members have done, unless the keys differ.

namespace server {

using MemberHashes = std::map<base::MemberId, base::Result<MemberHash>>;

// What a leader knows of its own keys when it looks at the others' answers.
struct LeaderKeys {
  // At the revision that the others were asked for.
  mvcc::KeyValueHash asked;
  // What it had reached once it had applied everything that anybody had when they answered.
  base::Revision current;
  base::Revision compacted;
};

// Of the members that have told, those that contradict the leader, and by what; etcd's texts.
struct Contradiction {
  base::MemberId member;
  std::string_view text;
};
std::vector<Contradiction> Contradictions(const LeaderKeys& leader, const MemberHashes& told);

// How the hashes that a compaction has left at all members compare.
struct HashVerdict {
  enum class Outcome {
    kEqual,       // at all members
    kIncomplete,  // at all that have told it; not all have
    kDifferent,
  };
  Outcome outcome = Outcome::kEqual;
  size_t checked = 0;  // other members
  // If they are different: which member has which.
  std::map<uint32_t, std::vector<base::MemberId>> groups;
  // Those whose keys differ from more than half of the members'; nobody if there is no such half.
  std::vector<base::MemberId> corrupt;
};
HashVerdict CompareCompaction(base::MemberId self, const mvcc::KeyValueHash& own,
                              const MemberHashes& told);

}  // namespace server
