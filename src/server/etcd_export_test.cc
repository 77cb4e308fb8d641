#include "server/etcd_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "raft/codec.h"
#include "server/forgotten.h"
#include "server/log_metadata.h"
#include "server/testing/simulated_member.h"
#include "state/apply/request_codec.h"
#include "state/members/snapshot_json.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/snap/testing/model_source.h"
#include "storage/wal/reader.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using runtime::simulated::CrashMode;
using snap::testing::Model;
using ::testing::HasSubstr;

constexpr base::MemberId kSelf(0x1234);
constexpr base::Index kCovered(6);
constexpr uint64_t kSegmentBytes = 4096;

raft::Entry EntryAt(uint64_t index, uint32_t field, const std::string& request) {
  base::Bytes data;
  apply::EncodeEntry(index, {}, field, request, &data);
  return {.term = base::Term(2), .index = base::Index(index), .data = base::SharedBytes(data)};
}

raft::Entry PutAt(uint64_t index) {
  etcdserverpb::PutRequest put;
  put.set_key("key" + std::to_string(index));
  return EntryAt(index, InternalRaftRequest::kPutFieldNumber, put.SerializeAsString());
}

// A member of three that has ended: eight entries in its log, of which its database has six.
class EtcdExportTest : public ::testing::Test {
 protected:
  EtcdExportTest() {
    member_.wal_dir = "/wal";
    member_.data_dir = "/ours";
    target_.data_dir = "/theirs";
    target_.wal_segment_bytes = kSegmentBytes;
    for (uint64_t index = 1; index <= 8; ++index) entries_.push_back(PutAt(index));
    model_["cluster"]["clusterVersion"] = "3.7.0";
    model_["key"]["0123456789abcdef_"] = "a record";
    model_["members"]["1234"] = R"({"id":4660,"peerURLs":["http://a:1"],"name":"a"})";
    model_["meta"]["confState"] = R"({"voters":[4660,2,3]})";
    model_["meta"]["consistent_index"] = std::string("\0\0\0\0\0\0\0\6", 8);
    model_["meta"]["storageVersion"] = "3.7.0";
    model_["meta"]["term"] = std::string("\0\0\0\0\0\0\0\2", 8);
  }

  std::unique_ptr<SimulatedMember> NewMachine(uint64_t seed = 1) const {
    auto machine = std::make_unique<SimulatedMember>(seed);
    EXPECT_TRUE(wal::Log::Create(
                    machine->disk(), "/wal", EncodeMetadata({kSelf, base::ClusterId(7)}),
                    {.segment_bytes = kSegmentBytes}, {.entries = entries_, .hard_state = kState})
                    .ok());
    return machine;
  }
  base::Status Export(SimulatedMember& machine) const {
    const auto database =
        backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
    backend::Batch batch;
    for (size_t bucket = 0; bucket < schema::kBucketNames.size(); ++bucket) {
      const auto records = model_.find(std::string(schema::kBucketNames[bucket]));
      if (records == model_.end()) continue;
      for (const auto& [key, value] : records->second) {
        batch.Put(static_cast<backend::BucketId>(bucket), key, value);
      }
    }
    RETURN_IF_ERROR(database->Commit(batch));
    return ExportToEtcd(machine.disk(), *machine.logger(),
                        {.member = &member_,
                         .database = database.get(),
                         .target = &target_,
                         .leave_out_extensions = leave_out_extensions_});
  }
  // Records without the buckets that have none.
  static Model Database(SimulatedMember& machine) {
    const std::string path = "/theirs/member/snap/db";
    const auto file = machine.disk().Open(path, runtime::OpenMode::kRead).value();
    const auto reader = snap::BboltReader::Open(file.get(), path, file->Size().value()).value();
    Model model = snap::testing::Contents(*reader).value();
    std::erase_if(model, [](const auto& bucket) { return bucket.second.empty(); });
    return model;
  }
  static wal::ReadLog Log(SimulatedMember& machine) {
    const wal::SnapshotMark mark =
        wal::FindNewestMark(machine.disk(), "/theirs/member/wal").value();
    EXPECT_EQ(mark.index, kCovered);
    EXPECT_EQ(mark.term, base::Term(2));
    EXPECT_EQ(raft::DecodeConfState(mark.conf_state).value().voters.size(), 3u);
    return wal::Read(machine.disk(), "/theirs/member/wal", mark).value();
  }
  void ExpectWhole(SimulatedMember& machine) const {
    EXPECT_EQ(Database(machine), model_);
    snap::SnapshotDirectory directory(&machine.disk(), "/theirs/member/snap");
    const auto snapshot = directory.LoadNewest([](const auto&) { return true; }).value();
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(snapshot->index, kCovered);
    EXPECT_EQ(raft::DecodeConfState(snapshot->conf_state).value().voters.size(), 3u);
    const auto membership = members::SnapshotMembershipFromJson(snapshot->data).value();
    EXPECT_EQ(membership.members.size(), 1u);
    EXPECT_EQ(membership.cluster_version, "3.7.0");
    const wal::ReadLog log = Log(machine);
    EXPECT_EQ(log.contents.metadata, EncodeMetadata({kSelf, base::ClusterId(7)}));
    EXPECT_EQ(log.contents.hard_state, (raft::HardState{kState.term, kState.vote, kCovered}));
    ASSERT_EQ(log.contents.entries.size(), 2u);
    EXPECT_EQ(log.contents.entries[1].data.view(), entries_[7].data.view());
  }
  static bool Exists(SimulatedMember& machine, const std::string& path) {
    return machine.disk().Exists(path).value();
  }

  // Of less than the database has: a commit is not always synced by itself.
  static constexpr raft::HardState kState{
      .term = base::Term(5), .vote = base::MemberId(2), .commit = base::Index(4)};

  Options member_;
  Options target_;
  std::vector<raft::Entry> entries_;
  Model model_;
  bool leave_out_extensions_ = false;
};

TEST_F(EtcdExportTest, EtcdGetsTheDatabaseAndTheLogBehindIt) {
  const auto machine = NewMachine();
  const base::Status status = Export(*machine);
  ASSERT_TRUE(status.ok()) << status.ToString();
  ExpectWhole(*machine);
  EXPECT_FALSE(Exists(*machine, "/theirs.part"));
}

TEST_F(EtcdExportTest, WhatEtcdDoesNotKnowIsLeftOutOnlyOnRequest) {
  admissionpb::RuleSetRequest rule;
  rule.mutable_rule()->set_name("of c");
  entries_[7] =
      EntryAt(8, InternalRaftRequest::kAdmissionRuleSetFieldNumber, rule.SerializeAsString());
  const Model without = model_;
  model_["cluster"]["extensions"] = "admission";
  model_["cluster"]["admissionRule/of b"] = "a rule";
  const auto machine = NewMachine();
  const base::Status refused = Export(*machine);
  EXPECT_EQ(refused.code(), base::Code::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("admission rule of b, admission rule of c"));
  EXPECT_FALSE(Exists(*machine, "/theirs"));
  leave_out_extensions_ = true;
  ASSERT_TRUE(Export(*machine).ok());
  EXPECT_EQ(Database(*machine), without);
  const wal::ReadLog log = Log(*machine);
  EXPECT_FALSE(log.contents.entries[0].data.empty());
  EXPECT_TRUE(log.contents.entries[1].data.empty());
}

TEST_F(EtcdExportTest, RulesThatAreGoneAreNothingToBeAskedFor) {
  const Model without = model_;
  model_["cluster"]["extensions"] = "admission";
  model_["cluster"]["admissionRule/of b"] = "a rule";
  admissionpb::RuleDeleteRequest gone;
  gone.set_name("of b");
  entries_[7] =
      EntryAt(8, InternalRaftRequest::kAdmissionRuleDeleteFieldNumber, gone.SerializeAsString());
  const auto machine = NewMachine();
  ASSERT_TRUE(Export(*machine).ok());
  EXPECT_EQ(Database(*machine), without);
}

TEST_F(EtcdExportTest, ThatAClusterWithExtensionsGoesBackAsAWholeIsTold) {
  const auto is_told = [](SimulatedMember& machine) {
    const std::vector<std::string> lines = machine.LogLines();
    return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("let none of etcd in") != std::string::npos;
    });
  };
  const auto plain = NewMachine();
  ASSERT_TRUE(Export(*plain).ok());
  EXPECT_FALSE(is_told(*plain));
  // Though the last rule is gone.
  model_["cluster"]["extensions"] = "admission";
  const auto of_several = NewMachine();
  ASSERT_TRUE(Export(*of_several).ok());
  EXPECT_TRUE(is_told(*of_several));
  model_["cluster"].erase("extensions");
  entries_[7] = EntryAt(8, InternalRaftRequest::kExtensionsSetFieldNumber, "");
  const auto in_the_log = NewMachine();
  ASSERT_TRUE(Export(*in_the_log).ok());
  EXPECT_TRUE(is_told(*in_the_log));
}

TEST_F(EtcdExportTest, AMemberThatHasAppliedNothingHasALogFromTheBeginning) {
  model_.erase("meta");
  const auto machine = NewMachine();
  ASSERT_TRUE(Export(*machine).ok());
  const wal::SnapshotMark mark = wal::FindNewestMark(machine->disk(), "/theirs/member/wal").value();
  EXPECT_EQ(mark.index, base::Index());
  EXPECT_EQ(wal::Read(machine->disk(), "/theirs/member/wal", mark)->contents.entries.size(), 8u);
}

TEST_F(EtcdExportTest, FilesThatDoNotFitAreRefused) {
  const auto machine = NewMachine();
  model_["meta"]["consistent_index"] = std::string("\0\0\0\0\0\0\0\x09", 8);
  EXPECT_EQ(Export(*machine).code(), base::Code::kDataLoss);
  model_["meta"]["consistent_index"] = std::string("\0\0\0\0\0\0\0\6", 8);
  model_["meta"]["term"] = std::string("\0\0\0\0\0\0\0\3", 8);
  EXPECT_EQ(Export(*machine).code(), base::Code::kDataLoss);
  member_.wal_dir = "/none";
  EXPECT_EQ(Export(*machine).code(), base::Code::kDataLoss);
  EXPECT_FALSE(Exists(*machine, "/theirs"));
}

TEST_F(EtcdExportTest, AMemberThatHasForgottenIsRefused) {
  const auto machine = NewMachine();
  ASSERT_TRUE(machine->disk().CreateDirectories("/ours/member").ok());
  Forgotten forgotten{.owner = {kSelf, base::ClusterId(8)}, .why = "it had more"};
  ASSERT_TRUE(WriteForgotten(machine->disk(), member_, forgotten).ok());
  EXPECT_TRUE(Export(*machine).ok()) << "another cluster's";
  ASSERT_TRUE(machine->disk().RemoveAll("/theirs").ok());
  forgotten.owner.cluster = base::ClusterId(7);
  ASSERT_TRUE(WriteForgotten(machine->disk(), member_, forgotten).ok());
  const base::Status refused = Export(*machine);
  EXPECT_EQ(refused.code(), base::Code::kDataLoss);
  EXPECT_NE(refused.message().find("(it had more)"), std::string_view::npos);
}

TEST_F(EtcdExportTest, WhatIsAtTheTargetIsLeftAlone) {
  const auto machine = NewMachine();
  ASSERT_TRUE(machine->disk().CreateDirectories("/theirs/something").ok());
  EXPECT_EQ(Export(*machine).message(), R"(data-dir "/theirs" not empty or could not be read)");
  EXPECT_TRUE(Exists(*machine, "/theirs/something"));
}

TEST_F(EtcdExportTest, WhatIsWhereItWouldBeMadeIsLeftAlone) {
  for (const std::string path : {"/theirs.part", "/their-wal.part"}) {
    const auto machine = NewMachine();
    target_.wal_dir = "/their-wal";
    ASSERT_TRUE(machine->disk().CreateDirectories(path + "/something").ok());
    EXPECT_THAT(std::string(Export(*machine).message()), HasSubstr(path + " exists"));
    EXPECT_TRUE(Exists(*machine, path + "/something"));
    EXPECT_FALSE(Exists(*machine, "/theirs"));
  }
}

TEST_F(EtcdExportTest, APowerFailureAtAnyMomentLeavesAllOrNothing) {
  size_t cut_off = 0;
  for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepSome}) {
    bool failed = true;
    for (uint64_t change = 1; failed; ++change) {
      const auto machine = NewMachine(change);
      machine->disk().FailPowerAfter(change);
      const base::Status status = Export(*machine);
      failed = machine->disk().power_failed();
      EXPECT_NE(status.ok(), failed);
      machine->Crash(mode);
      if (Exists(*machine, "/theirs")) {
        ExpectWhole(*machine);
      } else {
        EXPECT_TRUE(failed);
        ++cut_off;
        if (Exists(*machine, "/theirs.part")) {
          EXPECT_EQ(Export(*machine).code(), base::Code::kFailedPrecondition);
          ASSERT_TRUE(machine->disk().RemoveAll("/theirs.part").ok());
        }
        EXPECT_TRUE(Export(*machine).ok());
        ExpectWhole(*machine);
      }
      ASSERT_FALSE(HasFailure()) << "change " << change;
    }
  }
  EXPECT_GT(cut_off, 0u);
}

}  // namespace
}  // namespace server
