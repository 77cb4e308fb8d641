#include "server/cluster_recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>

#include "proto/raft_internal.pb.h"
#include "server/snapshot_install.h"
#include "server/survivor_log.h"
#include "server/testing/simulated_member.h"
#include "state/members/membership.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/reads.h"
#include "storage/wal/reader.h"

namespace server {
namespace {

using runtime::simulated::CrashMode;
using ::testing::HasSubstr;

constexpr std::string_view kDatabase = "what is not synced is lost";

// A member that has stopped, whose database lacks the last of its keys, and the machine on which a
// new cluster begins with what it has.
class ClusterRecoveryTest : public ::testing::Test {
 protected:
  ClusterRecoveryTest() {
    member_.options.wal_segment_bytes = 4096;
    member_.options.backend_batch_interval = std::chrono::hours(1);
    EXPECT_TRUE(member_.Start().ok());
    EXPECT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
    for (const char* const key : {"a", "b", "c"}) Put(key);
    member_.Kill();
    survivor_ = backend::OpenMemoryBackend(member_.database());
    const auto covered = schema::ReadConsistentIndex(*survivor_->NewReader().value()).value();
    auto log = ReadSurvivorLog(member_.disk(), member_.options, covered, true);
    EXPECT_TRUE(log.ok() && log->damage.empty());
    log_ = *std::move(log);
    recovery_ = {.survivor = &member_.options,
                 .cluster = log_.identity.cluster,
                 .database = survivor_.get(),
                 .applied = {covered.term, covered.index},
                 .entries = std::span(log_.entries).subspan(covered.index - log_.base.index)};
    target_.data_dir = "/new";
    target_.initial_cluster = {{"default", {"http://a:1"}}, {"other", {"http://b:1"}}};
    target_.wal_segment_bytes = 4096;
    loop_ = member_.scheduler().NewLoop("recovery");
  }

  void Put(const std::string& key) {
    std::optional<base::Status> answered;
    member_.net_loop().Post([&] {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      member_.frontend().Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber,
                                 request.SerializeAsString(),
                                 [&](const apply::Reply& reply) { answered = reply.status; });
    });
    EXPECT_TRUE(member_.RunUntil([&] { return answered.has_value(); }));
    EXPECT_TRUE(answered->ok());
  }

  base::Status Recover() {
    Environment environment = {};
    environment.disk = &member_.disk();
    environment.apply_loop = loop_.get();
    environment.logger = member_.logger();
    environment.open_backend =
        [this](const std::string& path,
               const backend::OnDamage&) -> base::Result<std::unique_ptr<backend::Backend>> {
      ASSIGN_OR_RETURN(const auto file,
                       member_.disk().Open(path, runtime::OpenMode::kCreateOrTruncate));
      RETURN_IF_ERROR(file->WriteAt(0, kDatabase));
      return backend::OpenMemoryBackend(recovered_);
    };
    return RecoverCluster(target_, environment, recovery_);
  }
  bool Exists(const std::string& path) { return member_.disk().Exists(path).value(); }

  // Of the new database, as a start would read it.
  std::shared_ptr<apply::State> Recovered() {
    return apply::State::Open(backend::OpenMemoryBackend(recovered_), StateOptions(target_),
                              &member_.scheduler().clock())
        .value();
  }

  SimulatedMember member_{1};
  std::unique_ptr<backend::Backend> survivor_;
  SurvivorLog log_;
  ClusterRecovery recovery_;
  Options target_;
  std::unique_ptr<runtime::Loop> loop_;
  std::shared_ptr<backend::MemoryDatabase> recovered_ =
      backend::NewMemoryDatabase(schema::kBucketNames.size());
};

TEST_F(ClusterRecoveryTest, EverythingInTheLogIsInTheNewCluster) {
  ASSERT_FALSE(recovery_.entries.empty());
  const base::Status status = Recover();
  ASSERT_TRUE(status.ok()) << status.ToString();
  const auto state = Recovered();
  mvcc::Reads reads(&state->store());
  const auto pin = reads.Pin({}).value();
  for (const char* const key : {"a", "b", "c"}) EXPECT_TRUE(pin->Get(key).value().has_value());
  EXPECT_EQ(state->store().revision(), base::Revision(4));
  EXPECT_EQ(state->members().members().size(), 2U);
  EXPECT_EQ(state->members().Find(log_.identity.member), nullptr);
  const auto mark = wal::FindNewestMark(member_.disk(), "/new/member/wal");
  ASSERT_TRUE(mark.ok()) << mark.status().ToString();
  EXPECT_EQ(mark->index, base::Index(2));
}

TEST_F(ClusterRecoveryTest, TheRevisionGoesOnWhereItIsToldTo) {
  recovery_.bump_revision = 1000;
  ASSERT_TRUE(Recover().ok());
  const auto state = Recovered();
  EXPECT_EQ(state->store().revision(), base::Revision(1004));
  EXPECT_EQ(state->store().compact_revision(), base::Revision(1004));
}

TEST_F(ClusterRecoveryTest, ARevisionThatThereIsNotLeavesNothing) {
  recovery_.bump_revision = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(Recover().message(), HasSubstr("revision 4 cannot be bumped by"));
  EXPECT_FALSE(Exists("/new"));
}

TEST_F(ClusterRecoveryTest, TheNewClusterMustNotHaveTheIdOfTheOld) {
  target_.initial_cluster = member_.options.initial_cluster;
  EXPECT_THAT(Recover().message(), HasSubstr("give another --initial-cluster-token"));
  EXPECT_FALSE(Exists("/new"));
  target_.initial_cluster_token = "another";
  EXPECT_TRUE(Recover().ok());
}

TEST_F(ClusterRecoveryTest, WhatIsThereIsNotReplaced) {
  ASSERT_TRUE(member_.disk().CreateDirectories("/new/member").ok());
  EXPECT_EQ(Recover().message(), "data-dir \"/new\" not empty or could not be read");
}

TEST_F(ClusterRecoveryTest, ACrashLeavesAllOrNothing) {
  bool done = false;
  uint64_t change = 1;
  size_t left = 0;
  for (; !done; ++change) {
    ASSERT_TRUE(member_.disk().RemoveAll("/new").ok());
    ASSERT_TRUE(member_.disk().SyncDirectory("/").ok());
    recovered_ = backend::NewMemoryDatabase(schema::kBucketNames.size());
    member_.disk().FailPowerAfter(change);
    done = Recover().ok();
    EXPECT_EQ(done, !member_.disk().power_failed());
    member_.disk().Restart(CrashMode::kKeepSome);
    if (!Exists("/new/member")) continue;
    ++left;
    EXPECT_EQ(runtime::ReadFile(member_.disk(), "/new/member/snap/db.mdb").value(), kDatabase);
    EXPECT_EQ(wal::FindNewestMark(member_.disk(), "/new/member/wal")->index, base::Index(2));
  }
  EXPECT_GT(change, 15U);
  EXPECT_GT(left, 0U);
  EXPECT_LT(left, change / 2);
}

}  // namespace
}  // namespace server
