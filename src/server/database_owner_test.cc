#include "server/database_owner.h"

#include <gtest/gtest.h>

#include "raft/codec.h"

namespace server {
namespace {

using base::Index;
using base::MemberId;
using base::Term;

raft::ConfState Voters(std::vector<MemberId> voters) {
  raft::ConfState state;
  state.voters = std::move(voters);
  return state;
}

wal::SnapshotMark MarkWith(const raft::ConfState& state) {
  wal::SnapshotMark mark{Index(10), Term(2), {}};
  raft::Encode(state, &mark.conf_state);
  return mark;
}

raft::Entry Added(MemberId id) {
  raft::Entry entry;
  entry.type = raft::EntryType::kConfChange;
  base::Bytes data;
  raft::Encode(raft::ConfChange{.id = 1, .type = raft::ConfChangeType::kAddNode, .node_id = id},
               &data);
  entry.data = base::SharedBytes(data);
  return entry;
}

base::Status Check(const wal::SnapshotMark& beginning, const std::vector<raft::Entry>& entries,
                   const raft::ConfState& of_database) {
  return CheckOwner("db", beginning, entries, of_database);
}

const wal::SnapshotMark kBeginning{};

TEST(DatabaseOwnerTest, AMemberFromTheBeginningOfTheLogOrOfAChangeIsEnough) {
  const raft::ConfState state = Voters({MemberId(1), MemberId(2)});
  EXPECT_TRUE(Check(MarkWith(Voters({MemberId(2), MemberId(3)})), {}, state).ok());
  EXPECT_TRUE(Check(MarkWith(Voters({MemberId(3)})), {Added(MemberId(1))}, state).ok());
  EXPECT_TRUE(Check(kBeginning, {Added(MemberId(2))}, state).ok());
  raft::ConfState learners;
  learners.learners = {MemberId(2)};
  EXPECT_TRUE(Check(MarkWith(learners), {}, state).ok());
  EXPECT_TRUE(Check(MarkWith(state), {}, learners).ok());
}

TEST(DatabaseOwnerTest, ADatabaseOfWhoseMembersTheLogKnowsNoneIsRefused) {
  const raft::ConfState state = Voters({MemberId(1), MemberId(2)});
  const base::Status refused = Check(MarkWith(Voters({MemberId(3)})), {Added(MemberId(4))}, state);
  EXPECT_EQ(refused.code(), base::Code::kFailedPrecondition);
  EXPECT_EQ(refused.message(),
            "db: is the database of another cluster: the log knows none of its members; move it "
            "away");
  EXPECT_FALSE(Check(kBeginning, {Added(MemberId(3))}, state).ok());
}

TEST(DatabaseOwnerTest, WhereTheLogDoesNotSayNothingIsRefused) {
  const raft::ConfState state = Voters({MemberId(1)});
  EXPECT_TRUE(Check({Index(10), Term(2), {}}, {}, state).ok());
  EXPECT_TRUE(Check(MarkWith(Voters({MemberId(3)})), {}, {}).ok());
}

}  // namespace
}  // namespace server
