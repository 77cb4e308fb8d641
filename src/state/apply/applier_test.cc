#include "state/apply/applier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "raft/codec.h"
#include "runtime/posix/clock.h"
#include "state/apply/request_codec.h"
#include "state/members/member.h"
#include "storage/backend/memory_backend.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/reads.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;
using ::testing::HasSubstr;

class ApplierTest : public ::testing::Test {
 protected:
  using Outcome = base::Result<Applier::Outcome>;

  ApplierTest() : applier_(AllAwaited(), NewState(), {}) {}

  static Applier::Options AllAwaited() {
    return {.is_awaited = [](uint64_t id) { return id != 0; }};
  }
  base::Result<std::shared_ptr<State>> Open() {
    return State::Open(backend::OpenMemoryBackend(database_), {}, &clock_);
  }
  std::shared_ptr<State> NewState() {
    database_ = backend::NewMemoryDatabase(schema::kBucketNames.size());
    return Open().value();
  }
  raft::Entry NextEntry() const {
    return {.term = base::Term(1), .index = applier_.applied().index + 1};
  }
  Outcome Apply(raft::Entry entry) { return applier_.Apply(entry, clock_.Now()); }
  Outcome ApplyBytes(const base::Bytes& bytes) {
    raft::Entry entry = NextEntry();
    entry.data = base::SharedBytes(bytes);
    return Apply(std::move(entry));
  }
  Outcome Apply(const InternalRaftRequest& request) {
    return ApplyBytes(request.SerializeAsString());
  }
  Outcome Put(const std::string& key, const std::string& value) {
    InternalRaftRequest request;
    request.mutable_header()->set_id(++id_);
    request.mutable_put()->set_key(key);
    request.mutable_put()->set_value(value);
    return Apply(request);
  }
  Outcome Change(raft::ConfChangeType type, const members::Member& member) {
    raft::Entry entry = NextEntry();
    entry.type = raft::EntryType::kConfChange;
    base::Bytes bytes;
    raft::Encode(raft::ConfChange{++id_, type, member.id, members::ToJson(member)}, &bytes);
    entry.data = base::SharedBytes(bytes);
    return Apply(std::move(entry));
  }
  void Commit() {
    auto commit = applier_.state().store().TakeCommit(true);
    ASSERT_TRUE(commit.has_value());
    ASSERT_TRUE(applier_.state().database().Commit(*commit->batch).ok());
    applier_.state().store().Committed(*std::move(commit));
  }

  runtime::posix::Clock clock_;
  std::shared_ptr<backend::MemoryDatabase> database_;
  Applier applier_;
  uint64_t id_ = 0;
};

TEST_F(ApplierTest, APutIsAnsweredAndIsThere) {
  const Outcome outcome = Put("a", "1");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->id, 1u);
  EXPECT_EQ(outcome->reply.revision, base::Revision(2));
  EXPECT_TRUE(outcome->request->has_put());
  EXPECT_EQ(applier_.applied(), (raft::EntryId{base::Term(1), base::Index(1)}));
  EXPECT_EQ(applier_.state().store().revision(), base::Revision(2));
}

TEST_F(ApplierTest, AnEmptyEntryIsAppliedAndAsksForNothing) {
  const Outcome outcome = Apply(NextEntry());
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->id, 0u);
  EXPECT_EQ(outcome->request, nullptr);
  EXPECT_EQ(applier_.applied().index, base::Index(1));
}

TEST_F(ApplierTest, ARefusalIsAnAnswer) {
  InternalRaftRequest request;
  request.mutable_put()->set_key("a");
  request.mutable_put()->set_ignore_value(true);
  const Outcome outcome = Apply(request);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->reply.status, base::errors::kKeyNotFound);
}

TEST_F(ApplierTest, WhatIsNoRequestEndsTheMember) {
  const Outcome outcome = ApplyBytes("\xff");
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.status().message(), HasSubstr("entry 1"));
  EXPECT_EQ(applier_.applied().index, base::Index());
}

// Each of these changes the state on a member that knows it; here it would be left out.
TEST_F(ApplierTest, ARequestThatIsNotSupportedEndsTheMemberByName) {
  std::vector<InternalRaftRequest> requests(5);
  requests[0].mutable_lease_grant()->set_id(7);
  requests[1].mutable_lease_revoke()->set_id(7);
  requests[2].mutable_auth_enable();
  requests[3].mutable_auth_user_add()->set_name("alice");
  requests[4].mutable_downgrade_info_set()->set_enabled(true);
  const char* const names[] = {"lease_grant", "lease_revoke", "auth_enable", "auth_user_add",
                               "downgrade_info_set"};
  for (size_t i = 0; i < requests.size(); ++i) {
    const Outcome outcome = Apply(requests[i]);
    ASSERT_FALSE(outcome.ok()) << names[i];
    EXPECT_EQ(outcome.status().message(),
              std::string("entry 1: ") + names[i] + " is not supported by this version");
  }
}

TEST_F(ApplierTest, ARequestThatNobodyKnowsEndsTheMember) {
  // InternalRaftRequest { 2: v2 }, and a field of a version to come.
  for (const auto& [bytes, name] :
       {std::pair("\x12\x01x", "request 2"), {"\xfa\x7d\x01x", "request 2015"}}) {
    const Outcome outcome = ApplyBytes(bytes);
    ASSERT_FALSE(outcome.ok());
    EXPECT_THAT(outcome.status().message(), HasSubstr(name));
  }
  InternalRaftRequest none;
  none.mutable_header()->set_id(1);
  EXPECT_FALSE(Apply(none).ok());
}

TEST_F(ApplierTest, AnOperationThatNobodyKnowsEndsTheMember) {
  InternalRaftRequest request;
  request.mutable_txn()->add_success();
  const Outcome outcome = Apply(request);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.status().message(), HasSubstr("an operation of a transaction"));
}

TEST_F(ApplierTest, ARequestThatOnlyReadsIsPassedOver) {
  InternalRaftRequest request;
  request.mutable_auth_status();
  EXPECT_TRUE(Apply(request).ok());
  request.mutable_auth_status()->Clear();
  InternalRaftRequest range;
  range.mutable_range()->set_key("a");
  EXPECT_TRUE(Apply(range).ok());
}

TEST_F(ApplierTest, AFieldThatAClientMadeUpIsPassedOver) {
  InternalRaftRequest request;
  request.mutable_put()->set_key("a");
  request.mutable_put()
      ->GetReflection()
      ->MutableUnknownFields(request.mutable_put())
      ->AddVarint(99, 1);
  const Outcome outcome = Apply(request);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->reply.revision, base::Revision(2));
}

TEST_F(ApplierTest, AMemberIsAddedForReadersAndForRaft) {
  const members::Member member{
      .id = base::MemberId(7), .peer_urls = {"http://a:1"}, .name = "", .client_urls = {}};
  const Outcome outcome = Change(raft::ConfChangeType::kAddNode, member);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->id, 1u);
  EXPECT_TRUE(outcome->reply.status.ok());
  ASSERT_TRUE(outcome->change.has_value());
  EXPECT_EQ(outcome->change->changes[0].node_id, base::MemberId(7));
  ASSERT_EQ(applier_.state().view().Get()->members.size(), 1u);
  EXPECT_TRUE(applier_.state().configuration().Contains(base::MemberId(7)));
}

TEST_F(ApplierTest, AChangeThatTheMembersDoNotAllowIsWithoutEffectForRaftToo) {
  const members::Member member{
      .id = base::MemberId(7), .peer_urls = {"http://a:1"}, .name = "", .client_urls = {}};
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, member).ok());
  const Outcome outcome = Change(raft::ConfChangeType::kAddNode, member);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->reply.status, base::errors::kMemberExists);
  ASSERT_TRUE(outcome->change.has_value());
  EXPECT_EQ(outcome->change->changes[0].node_id, base::MemberId());
}

TEST_F(ApplierTest, AnotherStateIsReadByNewReadersAndTheOldOneByThoseWhoHaveIt) {
  ASSERT_TRUE(Put("a", "old").ok());
  runtime::Published<State>::Reader reader(&applier_.published_state());
  const std::shared_ptr<State> before = reader.Get();
  mvcc::Reads reads(&before->store());
  const auto pin = reads.Pin({}).value();
  applier_.Replace(NewState(), {base::Term(2), base::Index(10)});
  ASSERT_TRUE(Put("b", "new").ok());
  EXPECT_EQ(applier_.applied(), (raft::EntryId{base::Term(1), base::Index(11)}));
  EXPECT_TRUE(pin->Get("a")->has_value());
  const std::shared_ptr<State> after = reader.Get();
  ASSERT_NE(before, after);
  mvcc::Reads new_reads(&after->store());
  const auto new_pin = new_reads.Pin({}).value();
  EXPECT_FALSE(new_pin->Get("a")->has_value());
  EXPECT_TRUE(new_pin->Get("b")->has_value());
}

TEST_F(ApplierTest, TheDatabaseSaysWhichEntryItCovers) {
  ASSERT_TRUE(Put("a", "1").ok());
  ASSERT_TRUE(Put("a", "2").ok());
  Commit();
  const auto reader = applier_.state().database().NewReader().value();
  EXPECT_EQ(schema::ReadConsistentIndex(*reader)->index, base::Index(2));
  const auto again = Open();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)->store().revision(), base::Revision(3));
}

// Left there by a version that knows them.
TEST_F(ApplierTest, ContentThatNobodyWouldHeedIsRefusedByName) {
  const std::pair<schema::Bucket, const char*> cases[] = {{schema::Bucket::kAuthUsers, "users"},
                                                          {schema::Bucket::kAuthRoles, "roles"},
                                                          {schema::Bucket::kLease, "leases"}};
  for (const auto& [bucket, name] : cases) {
    NewState();
    backend::Batch batch;
    batch.Put(schema::Id(bucket), "key", "value");
    ASSERT_TRUE(backend::OpenMemoryBackend(database_)->Commit(batch).ok());
    const auto opened = Open();
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.status().message(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace apply
