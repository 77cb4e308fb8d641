#include "server/database_owner.h"

#include <algorithm>
#include <set>

#include "raft/codec.h"

namespace server {
namespace {

using Ids = std::set<base::MemberId>;

void Add(const raft::ConfState& state, Ids* ids) {
  for (const auto* part :
       {&state.voters, &state.learners, &state.voters_outgoing, &state.learners_next}) {
    ids->insert(part->begin(), part->end());
  }
}

void Add(const raft::Entry& entry, Ids* ids) {
  if (entry.type == raft::EntryType::kNormal) return;
  const base::Result<raft::ConfChangeV2> change = raft::ConfChangeOf(entry);
  if (!change.ok()) return;
  for (const raft::ConfChangeSingle& single : change->changes) ids->insert(single.node_id);
}

}  // namespace

base::Status CheckOwner(const std::string& path, const wal::SnapshotMark& beginning,
                        const std::vector<raft::Entry>& entries,
                        const raft::ConfState& of_database) {
  Ids of_log;
  if (beginning.index > base::Index()) {
    const base::Result<raft::ConfState> state = raft::DecodeConfState(beginning.conf_state);
    if (beginning.conf_state.empty() || !state.ok()) return {};
    Add(*state, &of_log);
  }
  for (const raft::Entry& entry : entries) Add(entry, &of_log);
  Ids members;
  Add(of_database, &members);
  const auto is_known = [&of_log](base::MemberId id) { return of_log.contains(id); };
  if (members.empty() || std::any_of(members.begin(), members.end(), is_known)) return {};
  return {base::Code::kFailedPrecondition,
          path +
              ": is the database of another cluster: the log knows none of its members; move it "
              "away"};
}

}  // namespace server
