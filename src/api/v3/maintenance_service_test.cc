#include "api/v3/maintenance_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using etcdserverpb::AlarmRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AlarmOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Put;
using testing::ServedMember;

// SHA-256, behind the pages of a snapshot.
constexpr uint64_t kDigestBytes = 32;

class MaintenanceServiceTest : public ::testing::Test {
 protected:
  void Start() { member_.StartAndWait(); }
  void PutMany(int count, size_t value_bytes) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(
          member_.Call(testing::kPut, Put("key" + std::to_string(i), std::string(value_bytes, 'v')))
              .ok());
    }
  }
  // Until everything is in the database.
  void Settle() { member_.member().RunFor(seconds(1)); }
  // Whether a line of the log has both.
  bool IsLogged(const std::string& message, const std::string& part = "") {
    for (const std::string& line : member_.member().LogLines()) {
      if (line.find(message) != std::string::npos && line.find(part) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
  template <typename Response>
  void ExpectHeader(const Response& response, int64_t revision) {
    EXPECT_EQ(response.header().cluster_id(), member_.server().cluster().value());
    EXPECT_EQ(response.header().member_id(), member_.server().id().value());
    EXPECT_EQ(response.header().raft_term(), member_.server().progress().term);
    EXPECT_EQ(response.header().revision(), revision);
  }
  uint64_t id() { return member_.server().id().value(); }

  ServedMember member_;
};

TEST_F(MaintenanceServiceTest, TheStatusIsThatOfTheMember) {
  member_.options().quota_backend_bytes = 12'345'678;
  Start();
  PutMany(3, 1000);
  Settle();
  const auto answer = member_.Call(testing::kStatus, {});
  ASSERT_TRUE(answer.ok());
  const etcdserverpb::StatusResponse& status = answer.response();
  ExpectHeader(status, 4);
  EXPECT_EQ(status.version(), server::kVersion);
  EXPECT_EQ(status.storageversion(), server::kStorageVersion);
  EXPECT_EQ(status.leader(), id());
  EXPECT_EQ(status.raftterm(), member_.server().progress().term);
  EXPECT_EQ(status.raftindex(), member_.server().progress().committed);
  EXPECT_EQ(status.raftappliedindex(), member_.server().progress().applied);
  EXPECT_GT(status.raftappliedindex(), 3u);
  EXPECT_EQ(status.dbsizequota(), 12'345'678);
  EXPECT_GT(status.dbsize(), 3000);
  EXPECT_GT(status.dbsizeinuse(), 3000);
  EXPECT_FALSE(status.islearner());
  EXPECT_FALSE(status.downgradeinfo().enabled());
  EXPECT_EQ(status.errors_size(), 0);
}

TEST_F(MaintenanceServiceTest, TheStatusTellsOfAMissingLeader) {
  member_.StartAlone();
  const auto answer = member_.Call(testing::kStatus, {});
  EXPECT_EQ(answer.response().leader(), 0u);
  EXPECT_THAT(answer.response().errors(), ElementsAre("etcdserver: no leader"));
}

TEST_F(MaintenanceServiceTest, AnAlarmIsRaisedListedAndDisarmed) {
  Start();
  const auto raised =
      member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::ACTIVATE, etcdserverpb::NOSPACE, 255));
  ASSERT_TRUE(raised.ok());
  ExpectHeader(raised.response(), 1);
  ASSERT_EQ(raised.response().alarms_size(), 1);
  const auto listed = member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::GET, etcdserverpb::NONE));
  ASSERT_EQ(listed.response().alarms_size(), 1);
  EXPECT_EQ(listed.response().alarms(0).memberid(), 255u);
  EXPECT_EQ(listed.response().alarms(0).alarm(), etcdserverpb::NOSPACE);
  EXPECT_THAT(member_.Call(testing::kStatus, {}).response().errors(),
              ElementsAre("memberID:255 alarm:NOSPACE"));
  EXPECT_EQ(member_.Call(testing::kPut, Put("a")).status, base::errors::kNoSpace);
  const auto disarmed =
      member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::DEACTIVATE, etcdserverpb::NOSPACE, 255));
  EXPECT_EQ(disarmed.response().alarms_size(), 1);
  EXPECT_EQ(member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::GET, etcdserverpb::NONE))
                .response()
                .alarms_size(),
            0);
  EXPECT_TRUE(member_.Call(testing::kPut, Put("a")).ok());
}

TEST_F(MaintenanceServiceTest, ADefragmentationIsAnsweredWithoutAHeaderAndTold) {
  Start();
  PutMany(3, 1000);
  Settle();
  const auto answer = member_.Call(testing::kDefragment, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer.response().has_header());
  EXPECT_TRUE(IsLogged("starting defragment"));
  EXPECT_TRUE(IsLogged("finished defragmenting directory", "\"current-db-size-bytes-diff\":0"));
  const std::string metrics = member_.member().Metrics();
  EXPECT_THAT(metrics, HasSubstr("etcd_disk_backend_defrag_duration_seconds_count 1\n"));
  EXPECT_THAT(metrics, HasSubstr("etcd_disk_defrag_inflight 0\n"));
}

TEST_F(MaintenanceServiceTest, ADefragmentationUnderWayIsSeen) {
  Start();
  const auto answer = member_.Begin(testing::kDefragment, {});
  ASSERT_TRUE(member_.member().RunUntil([&] { return IsLogged("starting defragment"); }));
  EXPECT_THAT(member_.member().Metrics(), HasSubstr("etcd_disk_defrag_inflight 1\n"));
  EXPECT_TRUE(member_.Finish(answer).ok());
}

TEST_F(MaintenanceServiceTest, WhoAsksDuringADefragmentationGetsTheNext) {
  int runs = 0;
  member_.member().faults.on_defragment = [&runs] {
    ++runs;
    return base::Status();
  };
  Start();
  const auto first = member_.Begin(testing::kDefragment, {});
  const auto second = member_.Begin(testing::kDefragment, {});
  const auto third = member_.Begin(testing::kDefragment, {});
  for (const auto& answer : {first, second, third}) EXPECT_TRUE(member_.Finish(answer).ok());
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(member_.Call(testing::kDefragment, {}).ok());
  EXPECT_EQ(runs, 3);
}

TEST_F(MaintenanceServiceTest, AHashIsOfEverythingThatWasApplied) {
  Start();
  PutMany(1, 10);
  const auto first = member_.Call(testing::kHash, {});
  ASSERT_TRUE(first.ok());
  ExpectHeader(first.response(), 2);
  EXPECT_NE(first.response().hash(), 0u);
  EXPECT_EQ(member_.Call(testing::kHash, {}).response().hash(), first.response().hash());
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  EXPECT_NE(member_.Call(testing::kHash, {}).response().hash(), first.response().hash());
  EXPECT_THAT(member_.member().Metrics(), HasSubstr("etcd_mvcc_hash_duration_seconds_count 3\n"));
}

TEST_F(MaintenanceServiceTest, AHashOfKeysIsThatOfARevision) {
  Start();
  PutMany(3, 10);
  const auto now = member_.Call(testing::kHashKV, {});
  ASSERT_TRUE(now.ok());
  ExpectHeader(now.response(), 4);
  EXPECT_EQ(now.response().hash_revision(), 4);
  EXPECT_EQ(now.response().compact_revision(), -1);
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  etcdserverpb::HashKVRequest request;
  request.set_revision(4);
  EXPECT_EQ(member_.Call(testing::kHashKV, request).response().hash(), now.response().hash());
  request.set_revision(5);
  EXPECT_NE(member_.Call(testing::kHashKV, request).response().hash(), now.response().hash());
  request.set_revision(6);
  EXPECT_EQ(member_.Call(testing::kHashKV, request).status, base::errors::kFutureRevision);
  ASSERT_TRUE(member_.Call(testing::kCompact, testing::CompactTo(5)).ok());
  request.set_revision(4);
  EXPECT_EQ(member_.Call(testing::kHashKV, request).status, base::errors::kCompacted);
  EXPECT_EQ(member_.Call(testing::kHashKV, {}).response().compact_revision(), 5);
  EXPECT_THAT(member_.member().Metrics(),
              HasSubstr("etcd_mvcc_hash_rev_duration_seconds_count 4\n"));
}

TEST_F(MaintenanceServiceTest, WhatTheWorkersHaveNoRoomForIsRefused) {
  Start();
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::HashKVResponse>>> answers;
  for (int i = 0; i < 1100; ++i) answers.push_back(member_.Begin(testing::kHashKV, {}));
  const auto defragment = member_.Begin(testing::kDefragment, {});
  const auto hash = member_.Begin(testing::kHash, {});
  size_t refused = 0;
  for (const auto& answer : answers) {
    const auto finished = member_.Finish(answer);
    if (finished.ok()) continue;
    EXPECT_EQ(finished.status, base::errors::kTooManyRequests);
    ++refused;
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LT(refused, 200u);
  EXPECT_EQ(member_.Finish(defragment).status, base::errors::kTooManyRequests);
  EXPECT_THAT(member_.member().Metrics(), HasSubstr("etcd_disk_defrag_inflight 0\n"));
  member_.Finish(hash);
}

TEST_F(MaintenanceServiceTest, ASnapshotIsTheWholeDatabaseInChunks) {
  Start();
  PutMany(100, 10'000);
  const auto answer = member_.Call(testing::kSnapshot, {});
  ASSERT_TRUE(answer.ok());
  ASSERT_GT(answer.responses.size(), 1u);
  uint64_t left = 0;  // bbolt's pages, which count
  for (const auto& chunk : answer.responses) left += chunk.blob().size();
  left -= kDigestBytes;
  const uint64_t total = left;
  EXPECT_EQ(total % 4096, 0u);
  EXPECT_GT(total, 1'000'000u);
  for (const auto& chunk : answer.responses) {
    EXPECT_EQ(chunk.version(), server::kStorageVersion);
    left -= std::min<uint64_t>(left, chunk.blob().size());
    EXPECT_EQ(chunk.remaining_bytes(), left);
  }
  EXPECT_EQ(answer.response().blob().size(), kDigestBytes);
  EXPECT_TRUE(
      IsLogged("sending database snapshot to client", "\"total-bytes\":" + std::to_string(total)));
  EXPECT_TRUE(IsLogged("successfully sent database snapshot to client",
                       "\"total-bytes\":" + std::to_string(total + kDigestBytes)));
  EXPECT_THAT(member_.member().Metrics(),
              HasSubstr("etcd_disk_backend_snapshot_duration_seconds_count 1\n"));
}

TEST_F(MaintenanceServiceTest, ASnapshotHasWhatWasPutJustBefore) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "unmistakable")).ok());
  const auto answer = member_.Call(testing::kSnapshot, {});
  base::Bytes whole;
  for (const auto& chunk : answer.responses) whole += chunk.blob();
  EXPECT_THAT(whole, HasSubstr("unmistakable"));
}

TEST_F(MaintenanceServiceTest, ASnapshotWaitsForASlowReader) {
  Start();
  PutMany(200, 10'000);
  const auto answer = member_.Begin(testing::kSnapshot, {});
  member_.OnClient([&] { answer->call->PauseReading(); });
  member_.member().RunFor(seconds(5));
  EXPECT_FALSE(answer->finished);
  // Others are served meanwhile.
  EXPECT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  member_.OnClient([&] { answer->call->ResumeReading(); });
  EXPECT_TRUE(member_.Finish(answer).ok());
}

TEST_F(MaintenanceServiceTest, SnapshotsThatNobodyTakesAreBounded) {
  const auto memory = std::make_shared<http::SharedBudget>(size_t{1} << 30);
  member_.http_options().member_budget = memory;
  Start();
  PutMany(20, 100'000);
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::SnapshotResponse>>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(member_.Begin(testing::kSnapshot, {}));
    member_.OnClient([&] { answers.back()->call->PauseReading(); });
  }
  Settle();
  EXPECT_GT(memory->used(), size_t{3} * (4 << 20));
  EXPECT_LE(memory->used(), size_t{48} << 20);
  for (int i = 0; i < 100; ++i) {
    member_.OnClient([&] { answers[i]->call->ResumeReading(); });
    const base::Status& status = member_.Finish(answers[i]).status;
    // Who came when others had been served, or found no room and waited, is served too.
    if (i >= SnapshotCall::Places::kMax && !status.ok()) {
      EXPECT_EQ(status.code(), base::Code::kResourceExhausted);
      EXPECT_EQ(status.message(), "etcdserver: too many snapshots at a time");
    } else {
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
  }
  Settle();
  EXPECT_LT(memory->used(), size_t{4} << 20);
  EXPECT_TRUE(member_.Call(testing::kSnapshot, {}).ok());
}

TEST_F(MaintenanceServiceTest, WhoTakesNextToNothingOfASnapshotLosesHisPlace) {
  member_.http_options().budget.connection_bytes = size_t{256} << 20;
  Start();
  PutMany(200, 10'000);
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::SnapshotResponse>>> answers;
  for (int i = 0; i < SnapshotCall::Places::kMax; ++i) {
    answers.push_back(member_.Begin(testing::kSnapshot, {}));
    member_.OnClient([&] { answers.back()->call->PauseReading(); });
  }
  member_.member().RunFor(seconds(50));
  EXPECT_EQ(member_.Call(testing::kSnapshot, {}).status.code(), base::Code::kResourceExhausted);
  member_.member().RunFor(seconds(20));
  EXPECT_TRUE(member_.Call(testing::kSnapshot, {}).ok());
  for (const auto& answer : answers) {
    member_.OnClient([&] { answer->call->ResumeReading(); });
    EXPECT_EQ(member_.Finish(answer).status.code(), base::Code::kUnavailable);
  }
}

TEST_F(MaintenanceServiceTest, ASnapshotIsTakenThoughOthersHoldAllTheMemory) {
  const auto memory = std::make_shared<http::SharedBudget>(size_t{64} << 20);
  member_.http_options().member_budget = memory;
  Start();
  PutMany(20, 100'000);
  for (const size_t held : {size_t{50} << 20, size_t{64} << 20}) {
    memory->Take(held);
    const auto answer = member_.Call(testing::kSnapshot, {});
    EXPECT_TRUE(answer.ok()) << answer.status.ToString();
    memory->Give(held);
  }
}

TEST_F(MaintenanceServiceTest, ASnapshotThatNobodyWaitsForIsGivenUp) {
  Start();
  PutMany(200, 10'000);
  const auto answer = member_.Begin(testing::kSnapshot, {});
  ASSERT_TRUE(member_.member().RunUntil([&] { return !answer->responses.empty(); }));
  member_.OnClient([&] { answer->call->Cancel(); });
  Settle();
  EXPECT_EQ(answer->status.code(), base::Code::kCanceled);
  EXPECT_FALSE(IsLogged("successfully sent database snapshot to client"));
}

TEST_F(MaintenanceServiceTest, WhatTheDatabaseFailsWithIsToldInKindAndNotInDetail) {
  base::Status fault;
  member_.member().faults.on_new_reader = [&fault] { return fault; };
  member_.member().faults.on_defragment = [&fault] { return fault; };
  Start();
  Settle();
  const std::pair<base::Status, base::Status> cases[] = {
      {{base::Code::kResourceExhausted, "/path: full"},
       {base::Code::kResourceExhausted, "etcdserver: there is no room to defragment the database"}},
      {{base::Code::kCanceled, "stopping"}, base::errors::kStopped},
      {{base::Code::kUnknown, "/path: odd"},
       {base::Code::kUnknown, "etcdserver: the database could not be defragmented"}}};
  for (const auto& [failure, told] : cases) {
    fault = failure;
    EXPECT_EQ(member_.Call(testing::kDefragment, {}).status, told);
    EXPECT_TRUE(IsLogged("failed to defragment", std::string(failure.message())));
  }
  fault = {base::Code::kUnknown, "/path: odd"};
  for (const base::Status& told :
       {member_.Call(testing::kSnapshot, {}).status, member_.Call(testing::kHash, {}).status}) {
    EXPECT_EQ(told.code(), base::Code::kUnknown);
    EXPECT_THAT(std::string(told.message()), Not(HasSubstr("/path")));
  }
  EXPECT_TRUE(IsLogged("failed to send database snapshot to client", "/path: odd"));
  EXPECT_THAT(member_.member().Metrics(), HasSubstr("etcd_disk_defrag_inflight 0\n"));
}

TEST_F(MaintenanceServiceTest, DamageIsToldOnceToAllMembersAsAnAlarm) {
  base::Status fault;
  member_.member().faults.on_new_reader = [&fault] { return fault; };
  Start();
  Settle();
  fault = {base::Code::kDataLoss, "/path: a record is damaged"};
  const auto hash = member_.Call(testing::kHash, {});
  EXPECT_EQ(hash.status.code(), base::Code::kDataLoss);
  EXPECT_THAT(std::string(hash.status.message()), Not(HasSubstr("/path")));
  fault = {};
  Settle();
  EXPECT_EQ(member_.Call(testing::kPut, Put("a")).status, base::errors::kCorrupt);
}

TEST_F(MaintenanceServiceTest, BytesThatAreNoRequestAreRefusedByEveryMethod) {
  Start();
  const std::string bytes = "\x08";
  const auto code = base::Code::kInternal;
  EXPECT_EQ(member_.CallRaw(testing::kStatus, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kAlarm, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kDefragment, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kHash, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kHashKV, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kMoveLeader, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kDowngrade, bytes).status.code(), code);
  EXPECT_EQ(member_.CallRaw(testing::kSnapshot, bytes).status.code(), code);
}

TEST_F(MaintenanceServiceTest, TheBucketsOfTheMetricsAreEtcds) {
  Start();
  const std::string metrics = member_.member().Metrics();
  struct Buckets {
    const char* name;
    const char* first;
    const char* second;
    const char* last;
  };
  for (const Buckets& buckets :
       {Buckets{"etcd_mvcc_hash_duration_seconds", "0.01", "0.02", "163.84"},
        {"etcd_mvcc_hash_rev_duration_seconds", "0.01", "0.02", "163.84"},
        {"etcd_disk_backend_defrag_duration_seconds", "0.1", "0.2", "409.6"},
        {"etcd_disk_backend_snapshot_duration_seconds", "0.01", "0.02", "655.36"}}) {
    const std::string name = buckets.name;
    EXPECT_THAT(metrics, HasSubstr(name + "_bucket{le=\"" + buckets.first + "\"} 0\n" + name +
                                   "_bucket{le=\"" + buckets.second + "\"} 0\n"));
    EXPECT_THAT(metrics, HasSubstr(name + "_bucket{le=\"" + buckets.last + "\"} 0\n" + name +
                                   "_bucket{le=\"+Inf\"} 0\n"));
  }
}

TEST_F(MaintenanceServiceTest, TheGatewaySaysHowTheMemberIs) {
  Start();
  EXPECT_THAT(member_.PostJson("/v3/maintenance/status", "{}"),
              HasSubstr("\"leader\":\"" + std::to_string(id()) + "\""));
}

TEST(MoveLeaderTest, OnlyTheLeaderMovesItsPartAndOnlyToAVoter) {
  ServedMember member;
  member.StartAndWait();
  etcdserverpb::MoveLeaderRequest request;
  request.set_targetid(77);
  EXPECT_EQ(member.Call(testing::kMoveLeader, request).status, base::errors::kBadLeaderTransferee);
  request.set_targetid(member.server().id().value());
  const auto moved = member.Call(testing::kMoveLeader, request);
  EXPECT_TRUE(moved.ok());
  EXPECT_FALSE(moved.response().has_header());
  ServedMember follower;
  follower.StartAlone();
  EXPECT_EQ(follower.Call(testing::kMoveLeader, request).status, base::errors::kNotLeader);
}

etcdserverpb::DowngradeRequest Downgrade(etcdserverpb::DowngradeRequest::DowngradeAction action,
                                         const std::string& version = "") {
  etcdserverpb::DowngradeRequest request;
  request.set_action(action);
  request.set_version(version);
  return request;
}

// As etcd 3.7.1 has answered.
TEST(DowngradeTest, IsCheckedAsByEtcd) {
  using etcdserverpb::DowngradeRequest;
  ServedMember member;
  member.StartAndWait();
  const auto status = [&](DowngradeRequest::DowngradeAction action, const std::string& version) {
    return member.Call(testing::kDowngrade, Downgrade(action, version)).status;
  };
  for (const auto action : {DowngradeRequest::VALIDATE, DowngradeRequest::ENABLE}) {
    for (const char* version : {"", "3", "x", "v3.6", " 3.6", "3.6-rc"}) {
      EXPECT_EQ(status(action, version), base::errors::kWrongDowngradeVersionFormat) << version;
    }
    for (const char* version : {"3.5", "3.7", "3.7.1", "3.8", "4.6", "2.6", "3.0"}) {
      EXPECT_EQ(status(action, version), base::errors::kInvalidDowngradeTargetVersion) << version;
    }
  }
  for (const char* version : {"3.6", "3.6.0", "3.6.9", "3.6.0-rc.1", "3.06"}) {
    const auto answer =
        member.Call(testing::kDowngrade, Downgrade(DowngradeRequest::VALIDATE, version));
    EXPECT_TRUE(answer.ok()) << version;
    EXPECT_EQ(answer.response().version(), "3.7");
    EXPECT_TRUE(answer.response().has_header());
  }
  EXPECT_EQ(status(static_cast<DowngradeRequest::DowngradeAction>(7), "3.6"),
            base::errors::kUnknownMethod);
  // There is none; that is no error.
  EXPECT_TRUE(status(DowngradeRequest::CANCEL, "").ok());
  EXPECT_FALSE(member.server().state()->view().Get()->downgrade.enabled);
}

TEST(DowngradeTest, LowersTheClustersVersionUntilItIsCanceled) {
  using etcdserverpb::DowngradeRequest;
  ServedMember member;
  member.StartAndWait();
  const auto call = [&](DowngradeRequest::DowngradeAction action, const std::string& version) {
    return member.Call(testing::kDowngrade, Downgrade(action, version));
  };
  const auto cluster_version = [&] {
    return member.server().state()->view().Get()->cluster_version;
  };
  const auto is_pending = [&] {
    std::optional<bool> pending;
    member.server().downgrading().IsPending([&](const auto& answer) { pending = *answer; });
    EXPECT_TRUE(member.member().RunUntil([&] { return pending.has_value(); }));
    return pending;
  };
  EXPECT_FALSE(*is_pending());
  EXPECT_EQ(call(DowngradeRequest::ENABLE, "3.6").response().version(), "3.7");
  EXPECT_TRUE(*is_pending());
  EXPECT_EQ(call(DowngradeRequest::VALIDATE, "3.6").status, base::errors::kDowngradeInProgress);
  EXPECT_EQ(call(DowngradeRequest::ENABLE, "3.6").status, base::errors::kDowngradeInProgress);
  auto status = member.Call(testing::kStatus, {}).response();
  EXPECT_TRUE(status.downgradeinfo().enabled());
  EXPECT_EQ(status.downgradeinfo().targetversion(), "3.6.0");
  ASSERT_TRUE(member.member().RunUntil([&] { return cluster_version() == "3.6.0"; }));
  EXPECT_EQ(member.Call(testing::kStatus, {}).response().storageversion(), "3.6.0");
  // Members of 3.6 may join.
  EXPECT_FALSE(*is_pending());
  // This member is of 3.7 still.
  member.member().RunFor(std::chrono::seconds(20));
  EXPECT_TRUE(member.server().state()->view().Get()->downgrade.enabled);
  EXPECT_EQ(call(DowngradeRequest::VALIDATE, "3.6").status,
            base::errors::kInvalidDowngradeTargetVersion);
  EXPECT_EQ(call(DowngradeRequest::VALIDATE, "3.5").status, base::errors::kDowngradeInProgress);
  EXPECT_EQ(call(DowngradeRequest::CANCEL, "").response().version(), "3.6");
  ASSERT_TRUE(member.member().RunUntil([&] { return cluster_version() == "3.7.0"; }));
}

TEST_F(MaintenanceServiceTest, AnAlarmOfNobodyIsToldWithoutAMember) {
  Start();
  ASSERT_TRUE(
      member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::ACTIVATE, etcdserverpb::CORRUPT, 0))
          .ok());
  EXPECT_THAT(member_.Call(testing::kStatus, {}).response().errors(), ElementsAre("alarm:CORRUPT"));
}

}  // namespace
}  // namespace v3
