#include "state/apply/applier.h"
#include "state/admission/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "raft/codec.h"
#include "runtime/posix/clock.h"
#include "state/apply/request_codec.h"
#include "state/apply/request_support.h"
#include "state/members/member.h"
#include "state/v2/store.h"
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
  static members::Member NewMember(uint64_t id) {
    return {.id = base::MemberId(id),
            .peer_urls = {"http://" + std::to_string(id) + ":1"},
            .name = "",
            .client_urls = {}};
  }
  Outcome Change(raft::ConfChangeType type, const members::Member& member,
                 bool is_promote = false) {
    raft::Entry entry = NextEntry();
    entry.type = raft::EntryType::kConfChange;
    base::Bytes bytes;
    const std::string context = members::ToJson(members::ChangeContext{member, is_promote});
    raft::Encode(raft::ConfChange{++id_, type, member.id, context}, &bytes);
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

// It changes the state on a member that knows it; here it would be left out.
TEST_F(ApplierTest, ARequestThatIsNotSupportedEndsTheMemberByName) {
  InternalRaftRequest request;
  request.mutable_downgrade_version_test();
  const Outcome outcome = Apply(request);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().message(),
            "entry 1: downgrade_version_test is not supported by this version");
}

TEST_F(ApplierTest, WhatIsSupportedIsCarriedOut) {
  const auto* const descriptor = InternalRaftRequest::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* const field = descriptor->field(i);
    if (field->message_type() == nullptr || field->name() == "header") continue;
    InternalRaftRequest request;
    request.GetReflection()->MutableMessage(&request, field);
    EXPECT_EQ(Apply(request).ok(), IsSupported(request)) << field->name();
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
  NewState();
  backend::Batch batch;
  batch.Put(schema::Id(schema::Bucket::kCluster), schema::kExtensions, "tenants");
  ASSERT_TRUE(backend::OpenMemoryBackend(database_)->Commit(batch).ok());
  const auto opened = Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.status().message(), HasSubstr("extensions tenants"));
}

// Alarms.

class ApplierAlarmTest : public ApplierTest {
 protected:
  etcdserverpb::AlarmResponse Alarm(etcdserverpb::AlarmRequest::AlarmAction action, int alarm,
                                    uint64_t member = 7) {
    InternalRaftRequest request;
    request.mutable_header()->set_id(++id_);
    request.mutable_alarm()->set_action(action);
    request.mutable_alarm()->set_alarm(static_cast<etcdserverpb::AlarmType>(alarm));
    request.mutable_alarm()->set_memberid(member);
    etcdserverpb::AlarmResponse response;
    EXPECT_TRUE(response.ParseFromString(Apply(request)->reply.body));
    return response;
  }
  etcdserverpb::AlarmResponse Raise(int alarm, uint64_t member = 7) {
    return Alarm(etcdserverpb::AlarmRequest::ACTIVATE, alarm, member);
  }
  size_t seen() { return applier_.state().view().Get()->alarms.size(); }
  // What the request is answered while the alarm is on.
  base::Status Refusal(const std::function<void(InternalRaftRequest*)>& fill) {
    InternalRaftRequest request;
    request.mutable_header()->set_id(++id_);
    fill(&request);
    const Outcome outcome = Apply(request);
    return outcome.ok() ? outcome->reply.status : outcome.status();
  }
};

TEST_F(ApplierAlarmTest, WhatIsRaisedIsSeenUntilItIsDisarmed) {
  ASSERT_EQ(Raise(etcdserverpb::NOSPACE).alarms_size(), 1);
  EXPECT_EQ(seen(), 1u);
  // Again: answered, and no second one.
  const etcdserverpb::AlarmResponse again = Raise(etcdserverpb::NOSPACE);
  ASSERT_EQ(again.alarms_size(), 1);
  EXPECT_EQ(again.alarms(0).memberid(), 7u);
  EXPECT_EQ(again.alarms(0).alarm(), etcdserverpb::NOSPACE);
  EXPECT_EQ(seen(), 1u);
  EXPECT_EQ(Alarm(etcdserverpb::AlarmRequest::DEACTIVATE, etcdserverpb::NOSPACE).alarms_size(), 1);
  EXPECT_EQ(seen(), 0u);
  EXPECT_EQ(Alarm(etcdserverpb::AlarmRequest::DEACTIVATE, etcdserverpb::NOSPACE).alarms_size(), 0);
}

TEST_F(ApplierAlarmTest, AreListedByTheirTypeOrAll) {
  Raise(etcdserverpb::NOSPACE, 7);
  Raise(etcdserverpb::NOSPACE, 8);
  Raise(etcdserverpb::CORRUPT, 7);
  const auto get = etcdserverpb::AlarmRequest::GET;
  EXPECT_EQ(Alarm(get, etcdserverpb::NONE).alarms_size(), 3);
  EXPECT_EQ(Alarm(get, etcdserverpb::NOSPACE).alarms_size(), 2);
  EXPECT_EQ(Alarm(get, etcdserverpb::CORRUPT).alarms_size(), 1);
}

TEST_F(ApplierAlarmTest, WhatIsNoAlarmIsNotRaised) {
  EXPECT_EQ(Raise(etcdserverpb::NONE).alarms_size(), 0);
  EXPECT_EQ(Raise(3).alarms_size(), 0);
  EXPECT_EQ(seen(), 0u);
}

TEST_F(ApplierAlarmTest, WithoutSpaceNothingIsPut) {
  Raise(etcdserverpb::NOSPACE);
  const auto put = [](InternalRaftRequest* request) { request->mutable_put()->set_key("a"); };
  const auto lease = [](InternalRaftRequest* request) { request->mutable_lease_grant(); };
  const auto putting = [](InternalRaftRequest* request) {
    request->mutable_txn()->add_failure()->mutable_request_put()->set_key("a");
  };
  EXPECT_EQ(Refusal(put), base::errors::kNoSpace);
  EXPECT_EQ(Refusal(lease), base::errors::kNoSpace);
  EXPECT_EQ(Refusal(putting), base::errors::kNoSpace);
}

TEST_F(ApplierAlarmTest, WithoutSpaceTheRestGoesOn) {
  ASSERT_TRUE(Put("a", "1").ok());
  Raise(etcdserverpb::NOSPACE);
  const std::function<void(InternalRaftRequest*)> requests[] = {
      [](auto* request) { request->mutable_delete_range()->set_key("a"); },
      [](auto* request) { request->mutable_compaction()->set_revision(2); },
      [](auto* request) {
        request->mutable_txn()->add_success()->mutable_request_delete_range()->set_key("a");
      }};
  for (const auto& fill : requests) EXPECT_EQ(Refusal(fill), base::Status());
}

TEST_F(ApplierAlarmTest, CorruptionStopsAllThatTouchesKeysOrLeases) {
  Raise(etcdserverpb::CORRUPT);
  const std::function<void(InternalRaftRequest*)> requests[] = {
      [](auto* request) { request->mutable_range()->set_key("a"); },
      [](auto* request) { request->mutable_put()->set_key("a"); },
      [](auto* request) { request->mutable_delete_range()->set_key("a"); },
      [](auto* request) { request->mutable_txn(); },
      [](auto* request) { request->mutable_compaction(); },
      [](auto* request) { request->mutable_lease_grant(); },
      [](auto* request) { request->mutable_lease_revoke(); }};
  for (const auto& fill : requests) EXPECT_EQ(Refusal(fill), base::errors::kCorrupt);
  // The alarm itself can be disarmed.
  EXPECT_EQ(Alarm(etcdserverpb::AlarmRequest::DEACTIVATE, etcdserverpb::CORRUPT).alarms_size(), 1);
  EXPECT_TRUE(Put("a", "1")->reply.status.ok());
}

TEST_F(ApplierAlarmTest, AreThereAgainAfterARestart) {
  Raise(etcdserverpb::NOSPACE);
  Commit();
  const auto again = Open();
  ASSERT_TRUE(again.ok());
  ASSERT_EQ((*again)->view().Get()->alarms.size(), 1u);
  EXPECT_EQ((*again)->view().Get()->alarms[0].member, base::MemberId(7));
}

// Requests of the members themselves, and members.

TEST_F(ApplierTest, TheClustersVersionIsSeenByReaders) {
  InternalRaftRequest request;
  request.mutable_cluster_version_set()->set_ver("3.7.0");
  ASSERT_TRUE(Apply(request).ok());
  EXPECT_EQ(applier_.state().view().Get()->cluster_version, "3.7.0");
}

TEST_F(ApplierTest, ADowngradeBeginsAndEnds) {
  InternalRaftRequest request;
  request.mutable_downgrade_info_set()->set_enabled(true);
  request.mutable_downgrade_info_set()->set_ver("3.6.0");
  ASSERT_TRUE(Apply(request).ok());
  EXPECT_EQ(applier_.state().view().Get()->downgrade, (members::Downgrade{true, "3.6.0"}));
  // Its version, if there is one, says nothing.
  request.mutable_downgrade_info_set()->set_enabled(false);
  ASSERT_TRUE(Apply(request).ok());
  EXPECT_EQ(applier_.state().view().Get()->downgrade, members::Downgrade());
}

TEST_F(ApplierTest, AnExtensionThatIsNotUnderstoodEndsTheMember) {
  InternalRaftRequest request;
  request.mutable_extensions_set()->add_names("made-up");
  const Outcome outcome = Apply(request);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().message(),
            "entry 1: extension made-up is not supported by this version");
}

TEST_F(ApplierTest, ExtensionsAreRefusedIfAMemberWasNotAsked) {
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(7)).ok());
  InternalRaftRequest request;
  request.mutable_extensions_set()->add_names("made-up");
  request.mutable_extensions_set()->add_member_ids(8);
  const Outcome outcome = Apply(request);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->reply.status.code(), base::Code::kFailedPrecondition);
  EXPECT_TRUE(applier_.state().members().extensions().empty());
}

// So that no member meets one that does not understand it.
TEST_F(ApplierTest, AdmissionRulesAreRefusedUntilTheClusterTakesThem) {
  for (const bool deletes : {false, true}) {
    InternalRaftRequest request;
    if (deletes) {
      request.mutable_admission_rule_delete()->set_name("a");
    } else {
      request.mutable_admission_rule_set()->mutable_rule()->set_name("a");
      request.mutable_admission_rule_set()->mutable_rule()->set_requests_per_second(1);
    }
    const Outcome outcome = Apply(request);
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->reply.status.code(), base::Code::kFailedPrecondition);
    EXPECT_TRUE(applier_.state().admission_rules().Get()->empty());
  }
}

TEST_F(ApplierTest, AMemberPublishesItsNameAndUrls) {
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(7)).ok());
  InternalRaftRequest request;
  auto* const set = request.mutable_cluster_member_attr_set();
  set->set_member_id(7);
  set->mutable_member_attributes()->set_name("a");
  set->mutable_member_attributes()->add_client_urls("http://a:2");
  ASSERT_TRUE(Apply(request).ok());
  const members::Member member = applier_.state().view().Get()->members.at(0);
  EXPECT_EQ(member.name, "a");
  EXPECT_EQ(member.client_urls, std::vector<std::string>{"http://a:2"});
}

TEST_F(ApplierTest, ALearnerIsAddedPromotedAndRemoved) {
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(6)).ok());
  members::Member learner = NewMember(7);
  learner.is_learner = true;
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddLearnerNode, learner).ok());
  EXPECT_TRUE(applier_.state().view().Get()->members.at(1).is_learner);
  members::Member another = NewMember(8);
  another.is_learner = true;
  EXPECT_EQ(Change(raft::ConfChangeType::kAddLearnerNode, another)->reply.status,
            base::errors::kTooManyLearners);
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, learner, /*is_promote=*/true).ok());
  EXPECT_FALSE(applier_.state().view().Get()->members.at(1).is_learner);
  ASSERT_TRUE(Change(raft::ConfChangeType::kRemoveNode, learner).ok());
  EXPECT_EQ(applier_.state().view().Get()->members.size(), 1u);
  EXPECT_FALSE(applier_.state().configuration().Contains(base::MemberId(7)));
}

TEST_F(ApplierTest, AMemberIsRemovedForItsSuccessor) {
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(6)).ok());
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(7)).ok());
  raft::Entry entry = NextEntry();
  entry.type = raft::EntryType::kConfChange;
  base::Bytes bytes;
  members::ChangeContext context{NewMember(7)};
  context.successor = base::MemberId(8);
  raft::Encode(raft::ConfChange{++id_, raft::ConfChangeType::kRemoveNode, base::MemberId(7),
                                members::ToJson(context)},
               &bytes);
  entry.data = base::SharedBytes(bytes);
  ASSERT_TRUE(Apply(std::move(entry)).ok());
  EXPECT_EQ(applier_.state().members().SuccessorOf(base::MemberId(7)), base::MemberId(8));
  EXPECT_EQ(applier_.state().view().Get()->members.size(), 1u);
}

TEST_F(ApplierTest, AMembersPeerUrlsAreUpdated) {
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(7)).ok());
  members::Member moved = NewMember(7);
  moved.peer_urls = {"http://moved:1"};
  ASSERT_TRUE(Change(raft::ConfChangeType::kUpdateNode, moved).ok());
  EXPECT_EQ(applier_.state().view().Get()->members.at(0).peer_urls, moved.peer_urls);
}

// As etcd's, which keep members and the cluster's version among their keys.
TEST_F(ApplierTest, WhatChangesOfTheClusterHasIndexesOfTheV2Api) {
  using Type = raft::ConfChangeType;
  v2::Store& v2 = applier_.state().v2();
  ASSERT_TRUE(Change(Type::kAddNode, NewMember(6)).ok());
  EXPECT_EQ(v2.index(), 0u) << "the cluster does not have it yet";
  v2.Begin(100);
  ASSERT_TRUE(Change(Type::kAddNode, NewMember(7)).ok());
  EXPECT_EQ(v2.index(), 101u);
  ASSERT_TRUE(Change(Type::kUpdateNode, NewMember(7)).ok());
  EXPECT_EQ(v2.index(), 102u);
  ASSERT_TRUE(Change(Type::kRemoveNode, NewMember(7)).ok());
  EXPECT_EQ(v2.index(), 104u) << "its record goes, and another says that it is removed";
  ASSERT_TRUE(Change(Type::kAddLearnerNode, NewMember(8)).ok());
  EXPECT_EQ(v2.index(), 105u);
  InternalRaftRequest request;
  request.mutable_cluster_version_set()->set_ver("3.7.0");
  ASSERT_TRUE(Apply(request).ok());
  EXPECT_EQ(v2.index(), 106u);
  request.Clear();
  request.mutable_cluster_member_attr_set()->set_member_id(6);
  ASSERT_TRUE(Apply(request).ok());
  EXPECT_EQ(v2.index(), 107u);
  ASSERT_TRUE(Put("k", "v").ok());
  EXPECT_EQ(v2.index(), 107u);
}

TEST_F(ApplierTest, TheConfigurationIsThereAgainAfterARestart) {
  ASSERT_TRUE(Change(raft::ConfChangeType::kAddNode, NewMember(7)).ok());
  Commit();
  const auto again = Open();
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE((*again)->configuration().Contains(base::MemberId(7)));
  EXPECT_EQ((*again)->view().Get()->members.size(), 1u);
}

TEST_F(ApplierTest, AChangeThatCannotBeReadEndsTheMember) {
  raft::Entry entry = NextEntry();
  entry.type = raft::EntryType::kConfChange;
  base::Bytes bytes;
  raft::Encode(raft::ConfChange{1, raft::ConfChangeType::kAddNode, base::MemberId(7), "no JSON"},
               &bytes);
  entry.data = base::SharedBytes(bytes);
  EXPECT_FALSE(Apply(entry).ok());
  entry.data = base::SharedBytes(base::Bytes("\xff"));
  EXPECT_FALSE(Apply(entry).ok());
}

TEST_F(ApplierTest, ACompactionIsAnsweredWithTheStoresRevision) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put("a", "1").ok());
  InternalRaftRequest request;
  request.mutable_compaction()->set_revision(3);
  const Outcome outcome = Apply(request);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->reply.revision, base::Revision(4));
  EXPECT_EQ(Apply(request)->reply.status, base::errors::kCompacted);
}

TEST_F(ApplierTest, WhatOnlyReadsIsAnsweredAsAMethodThatNobodyKnows) {
  std::vector<InternalRaftRequest> requests(6);
  requests[0].mutable_range()->set_key("a");
  requests[1].mutable_auth_status();
  requests[2].mutable_auth_user_get()->set_name("a");
  requests[3].mutable_auth_user_list();
  requests[4].mutable_auth_role_get()->set_role("a");
  requests[5].mutable_auth_role_list();
  for (const InternalRaftRequest& request : requests) {
    const Outcome outcome = Apply(request);
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->reply.status, base::errors::kUnknownMethod);
  }
}

TEST_F(ApplierTest, AnOldEntryHasItsNumberBesideTheRequest) {
  InternalRaftRequest request;
  request.set_id(77);
  request.mutable_put()->set_key("a");
  EXPECT_EQ(Apply(request)->id, 77u);
}

TEST_F(ApplierTest, WhatNobodyWaitsForIsDoneAndNotAnswered) {
  InternalRaftRequest request;
  request.mutable_put()->set_key("a");
  request.mutable_put()->set_prev_kv(true);
  ASSERT_TRUE(Put("a", "1").ok());
  const Outcome silent = Apply(request);  // of no number
  ASSERT_TRUE(silent.ok());
  EXPECT_TRUE(silent->reply.body.empty());
  EXPECT_EQ(applier_.state().store().revision(), base::Revision(3));
  request.mutable_header()->set_id(1);
  EXPECT_FALSE(Apply(request)->reply.body.empty());
}

TEST_F(ApplierTest, WhatWasDoneIsCountedOnce) {
  ASSERT_TRUE(Put("a", "12").ok());
  EXPECT_EQ(applier_.TakeCounts().puts, 1u);
  EXPECT_EQ(applier_.TakeCounts().puts, 0u);
}

}  // namespace
}  // namespace apply
