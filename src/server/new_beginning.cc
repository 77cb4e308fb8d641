#include "server/new_beginning.h"

#include <limits>
#include <string>
#include <utility>

#include "raft/codec.h"
#include "server/log_metadata.h"
#include "state/members/conf_state.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/wal/log.h"

namespace server {

using schema::Bucket;
using schema::Id;

NewBeginning::NewBeginning(Founding founding) : founding_(std::move(founding)) {
  for (const members::Member& member : founding_.members) conf_state_.voters.push_back(member.id);
  founded_ = {base::Term(1), base::Index(founding_.members.size())};
}

backend::Batch NewBeginning::Founded() const {
  backend::Batch batch;
  for (const members::Member& member : founding_.members) {
    batch.Put(Id(Bucket::kMembers), members::HexText(member.id.value()), members::ToJson(member));
  }
  batch.Put(Id(Bucket::kMeta), schema::kConfState, members::ToJson(conf_state_));
  schema::PutConsistentIndex({founded_.index, founded_.term}, &batch);
  return batch;
}

base::Status NewBeginning::BumpRevision(base::Revision latest, uint64_t amount,
                                        const observe::Logger& logger, backend::Batch* batch) {
  if (amount > uint64_t{std::numeric_limits<int64_t>::max()} - latest.value()) {
    return {base::Code::kFailedPrecondition, "revision " + ToString(latest) +
                                                 " cannot be bumped by " + std::to_string(amount) +
                                                 ": there is none so high"};
  }
  const int64_t bumped = latest.value() + static_cast<int64_t>(amount);
  logger.Info("bumping latest revision", {{"latest-revision", latest.value()},
                                          {"bump-amount", amount},
                                          {"new-latest-revision", bumped}});
  logger.Info("marking revision compacted", {{"revision", bumped}});
  const mvcc::RevisionKey key({bumped, 0}, /*is_tombstone=*/false);
  batch->Put(Id(Bucket::kKey), key.view(), "");
  batch->Put(Id(Bucket::kMeta), schema::kScheduledCompactRev, key.view());
  return {};
}

void NewBeginning::TellMembers(const observe::Logger& logger) const {
  for (const members::Member& member : founding_.members) {
    logger.Info("added member", {{"cluster-id", members::HexText(founding_.cluster.value())},
                                 {"local-member-id", members::HexText(founding_.self.value())},
                                 {"added-peer-id", members::HexText(member.id.value())},
                                 {"added-peer-peer-urls", member.peer_urls},
                                 {"added-peer-is-learner", member.is_learner}});
  }
}

base::Status NewBeginning::CreateLog(runtime::Disk& disk, const Paths& paths,
                                     uint64_t segment_bytes) const {
  ASSIGN_OR_RETURN(
      const auto log,
      wal::Log::Create(disk, paths.wal, EncodeMetadata({founding_.self, founding_.cluster}),
                       {.segment_bytes = segment_bytes}));
  wal::SnapshotMark mark{founded_.index, founded_.term, {}};
  raft::Encode(conf_state_, &mark.conf_state);
  return log->Append(
      {.mark = &mark, .hard_state = {.term = founded_.term, .commit = founded_.index}});
}

}  // namespace server
