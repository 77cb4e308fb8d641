#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "state/members/member.h"
#include "storage/mvcc/hasher.h"

namespace utl {

// What a member that does not run has in its directory, as `etcdutl recover` tells it.
struct Survivor {
  std::string data_dir = {};
  bool is_of_etcd = false;     // or else of this program
  base::MemberId member = {};  // 0 if the log does not say it, as the cluster
  base::ClusterId cluster = {};

  // The log. Its entries lie behind `base`, as ascending ranges of one term each.
  struct Range {
    base::Term term;
    base::Index last;
  };
  base::Term term = {};
  base::MemberId vote = {};
  base::Index commit = {};
  raft::EntryId base = {};
  std::vector<Range> ranges = {};
  // Whether there is a change of the members behind the consistent index.
  bool changes_members = false;
  std::string log_damage = {};     // why it is not to be gone on from; empty if it is
  std::string mended_damage = {};  // what the database makes good

  // That what its log ends with is less than the member had acknowledged; empty if nothing says so.
  std::string forgotten = {};

  // The database.
  base::Index consistent_index = {};
  int64_t revision = 0;
  uint64_t keys = 0;
  uint64_t bytes = 0;
  std::vector<members::Member> members = {};  // by id
  bool is_joint = false;                      // in the midst of a change of the members
  std::string database_damage = {};
  // At the revision that all survivors have; an error if it is compacted.
  std::optional<base::Result<mvcc::KeyValueHash>> hash = {};

  raft::EntryId last() const {
    return ranges.empty() ? base : raft::EntryId{ranges.back().term, ranges.back().last};
  }
  // Of an entry behind `base` and up to `last`.
  base::Term TermOf(base::Index index) const;
  bool is_usable() const { return log_damage.empty() && database_damage.empty(); }
  // Only its database is damaged, and its log has all of it from the first entry on: a start of the
  // member makes the database anew (server::OpenToRefill), unless it was alone.
  bool mends_itself() const {
    return !database_damage.empty() && log_damage.empty() && forgotten.empty() && !is_of_etcd &&
           !ranges.empty() && base.index == base::Index();
  }
  // In the members' list; empty if it is not there or has none.
  std::string name() const;
};

// "m0 (8e9e05c52164694d)", or the id alone.
std::string NameOf(const Survivor& survivor);

}  // namespace utl
