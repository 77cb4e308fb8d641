#include "server/snapshot_restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "server/testing/simulated_member.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/revision.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/snap/testing/model_source.h"
#include "storage/wal/reader.h"

namespace server {
namespace {

using runtime::JoinPath;
using runtime::simulated::CrashMode;
using snap::testing::Model;
using ::testing::HasSubstr;

constexpr std::string_view kSnapshot = "/snapshot.db";
constexpr std::string_view kDatabase = "what is not synced is lost";
constexpr int64_t kRevision = 5;

std::string Value(int64_t revision) {
  const std::string value = "value" + std::to_string(revision);
  const mvcc::KeyValue kv{.key = "key",
                          .create_revision = 2,
                          .mod_revision = revision,
                          .version = revision - 1,
                          .value = value};
  std::string bytes(mvcc::KeyValueSize(kv), '\0');
  mvcc::WriteKeyValue(kv, bytes.data());
  return bytes;
}

// A key that was changed several times, and members of another cluster.
Model Contents() {
  Model model;
  for (int64_t revision = 2; revision <= kRevision; ++revision) {
    const mvcc::RevisionKey key({revision, 0}, /*is_tombstone=*/false);
    model["key"][std::string(key.view())] = Value(revision);
  }
  model["members"]["1234"] = R"({"id":4660,"peerURLs":["http://old:2380"],"name":"old"})";
  model["members_removed"]["5678"] = "removed";
  model["cluster"]["clusterVersion"] = "3.7.0";
  model["meta"]["confState"] = R"({"voters":[4660]})";
  model["meta"]["consistent_index"] = std::string("\0\0\0\0\0\0\1\0", 8);
  model["meta"]["term"] = std::string("\0\0\0\0\0\0\0\7", 8);
  model["meta"]["storageVersion"] = "3.7.0";
  return model;
}

std::string SnapshotOf(const Model& model) {
  snap::testing::ModelSource source(&model);
  const snap::Layout layout = snap::LayOutBbolt(source).value();
  std::string bytes;
  snap::SnapshotHasher hasher;
  const base::Status written = snap::WriteBbolt(source, layout, [&](base::ByteView piece) {
    bytes += piece;
    hasher.Update(piece);
    return base::Status();
  });
  EXPECT_TRUE(written.ok()) << written.ToString();
  return bytes + hasher.Finish();
}

class SnapshotRestoreTest : public ::testing::Test {
 protected:
  SnapshotRestoreTest() { restore_.snapshot = kSnapshot; }

  static void Write(runtime::Disk& disk, std::string_view path, base::ByteView bytes) {
    const auto file = disk.Open(path, runtime::OpenMode::kCreateOrTruncate).value();
    ASSERT_TRUE(file->WriteAt(0, bytes).ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(disk.SyncDirectory("/").ok());
  }
  // A machine with the snapshot.
  static std::unique_ptr<SimulatedMember> NewMember() {
    auto member = std::make_unique<SimulatedMember>(1);
    member->options.wal_segment_bytes = 4096;
    Write(member->disk(), kSnapshot, SnapshotOf(Contents()));
    return member;
  }
  base::Status Restore(SimulatedMember& member) const {
    RestoreEnvironment environment;
    environment.disk = &member.disk();
    environment.logger = member.logger();
    environment.new_database =
        [&member](const std::string& path) -> base::Result<std::unique_ptr<backend::Backend>> {
      ASSIGN_OR_RETURN(const auto file, member.disk().Open(path, runtime::OpenMode::kCreate));
      RETURN_IF_ERROR(file->WriteAt(0, kDatabase));
      return backend::OpenMemoryBackend(member.database());
    };
    return RestoreSnapshot(member.options, environment, restore_);
  }
  static bool Exists(SimulatedMember& member, const std::string& path) {
    return member.disk().Exists(path).value();
  }
  static std::set<std::string> Names(SimulatedMember& member, const std::string& path) {
    const auto names = member.disk().List(path).value();
    return {names.begin(), names.end()};
  }
  static void ExpectWhole(SimulatedMember& member) {
    const Paths paths(member.options);
    EXPECT_EQ(runtime::ReadFile(member.disk(), paths.database).value(), kDatabase);
    const auto mark = wal::FindNewestMark(member.disk(), paths.wal);
    ASSERT_TRUE(mark.ok()) << mark.status().ToString();
    EXPECT_EQ(mark->index, base::Index(member.options.initial_cluster.size()));
    EXPECT_TRUE(wal::Read(member.disk(), paths.wal, *mark).ok());
  }

  SnapshotRestore restore_;
};

TEST_F(SnapshotRestoreTest, AMemberStartsOnWhatWasRestored) {
  const auto member = NewMember();
  ASSERT_TRUE(Restore(*member).ok());
  EXPECT_EQ(Names(*member, "/default.etcd"), (std::set<std::string>{"member"}));
  const base::Status started = member->Start();
  ASSERT_TRUE(started.ok()) << started.ToString();
  ASSERT_TRUE(member->RunUntil([&] { return member->ready(); }));
  apply::State& state = *member->server().state();
  EXPECT_EQ(state.store().revision(), base::Revision(kRevision));
  const auto pin = state.store().apply_reads().Pin(base::Revision(0)).value();
  EXPECT_EQ(pin->Get("key").value().value(), Value(kRevision));
  EXPECT_EQ(state.members().members().size(), 1U);
  EXPECT_TRUE(state.members().members().contains(member->server().id()));
  EXPECT_TRUE(state.members().removed().empty());
}

TEST_F(SnapshotRestoreTest, RevisionsGoOnBehindTheBump) {
  const auto member = NewMember();
  restore_.bump_revision = 100;
  ASSERT_TRUE(Restore(*member).ok());
  ASSERT_TRUE(member->Start().ok());
  ASSERT_TRUE(member->RunUntil([&] { return member->ready(); }));
  mvcc::Store& store = member->server().state()->store();
  EXPECT_EQ(store.revision(), base::Revision(kRevision + 100));
  EXPECT_FALSE(store.apply_reads().Pin(base::Revision(kRevision)).ok());
  const auto pin = store.apply_reads().Pin(base::Revision(0)).value();
  EXPECT_EQ(pin->Get("key").value().value(), Value(kRevision));
}

TEST_F(SnapshotRestoreTest, ABumpBeyondTheHighestRevisionIsRefused) {
  constexpr auto kHighest = uint64_t{std::numeric_limits<int64_t>::max()};
  for (const uint64_t bump : {kHighest - kRevision + 1, std::numeric_limits<uint64_t>::max()}) {
    const auto member = NewMember();
    restore_.bump_revision = bump;
    EXPECT_EQ(Restore(*member).message(),
              "revision 5 cannot be bumped by " + std::to_string(bump) + ": there is none so high");
    EXPECT_FALSE(Exists(*member, "/default.etcd"));
  }
  restore_.bump_revision = kHighest - kRevision;
  const auto member = NewMember();
  EXPECT_TRUE(Restore(*member).ok());
}

// Each change of the disk is the one in whose midst the power fails.
TEST_F(SnapshotRestoreTest, ACrashLeavesAllOrNothing) {
  size_t cut_off = 0;
  for (const char* const wal_dir : {"", "/log"}) {
    for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepSome}) {
      bool restored = false;
      size_t left = 0;
      uint64_t change = 1;
      for (; !restored; ++change) {
        const auto member = NewMember();
        member->options.wal_dir = wal_dir;
        member->disk().FailPowerAfter(change);
        restored = Restore(*member).ok();
        EXPECT_EQ(restored, !member->disk().power_failed());
        member->disk().Restart(mode);
        const bool is_there = Exists(*member, "/default.etcd/member");
        EXPECT_TRUE(is_there || !restored);
        if (is_there) ExpectWhole(*member);
        if (!is_there && Exists(*member, "/default.etcd/restoring")) {
          EXPECT_THAT(member->Start().message(),
                      HasSubstr("a restore, or etcdutl recover, was cut off here"));
          ++cut_off;
        }
        left += is_there ? 1 : 0;
        EXPECT_EQ(runtime::ReadFile(member->disk(), kSnapshot).value(), SnapshotOf(Contents()));
      }
      EXPECT_GT(change, 20U);
      EXPECT_LT(left, change / 2);
    }
  }
  EXPECT_GT(cut_off, 0U);
}

TEST_F(SnapshotRestoreTest, AnErrorLeavesNothing) {
  for (const char* const wal_dir : {"", "/log"}) {
    for (const bool had_directory : {false, true}) {
      bool restored = false;
      uint64_t sync = 1;
      for (; !restored; ++sync) {
        const auto member = NewMember();
        member->options.wal_dir = wal_dir;
        if (had_directory) {
          ASSERT_TRUE(member->disk().CreateDirectories("/default.etcd").ok());
        }
        const std::set<std::string> before = Names(*member, "/");
        member->disk().FailSyncAfter(sync);
        restored = Restore(*member).ok();
        if (restored) {
          std::set<std::string> after = {"default.etcd", "snapshot.db"};
          if (*wal_dir != 0) after.insert("log");
          EXPECT_EQ(Names(*member, "/"), after);
          break;
        }
        EXPECT_EQ(Names(*member, "/"), before) << sync;
        if (had_directory) {
          EXPECT_TRUE(Names(*member, "/default.etcd").empty()) << sync;
        }
      }
      EXPECT_GT(sync, 5U);
    }
  }
}

TEST_F(SnapshotRestoreTest, AFullDiskIsToldAndNothingIsLeft) {
  const uint64_t snapshot_bytes = SnapshotOf(Contents()).size();
  size_t refusals = 0;
  for (uint64_t room = 0;; room += 100) {
    const auto member = NewMember();
    member->disk().SetCapacity(snapshot_bytes + room);
    const base::Status restored = Restore(*member);
    if (restored.ok()) break;
    EXPECT_EQ(restored.code(), base::Code::kResourceExhausted) << restored.ToString();
    EXPECT_FALSE(Exists(*member, "/default.etcd"));
    ++refusals;
  }
  EXPECT_GT(refusals, 2U);
}

TEST_F(SnapshotRestoreTest, NothingOfTheUsersIsTouched) {
  const auto refused = [this](const std::string& file, const std::string& wal_dir) {
    const auto member = NewMember();
    member->options.wal_dir = wal_dir;
    EXPECT_TRUE(member->disk().CreateDirectories(file.substr(0, file.rfind('/'))).ok());
    Write(member->disk(), file, "mine");
    const base::Status status = Restore(*member);
    EXPECT_EQ(status.code(), base::Code::kFailedPrecondition);
    EXPECT_EQ(runtime::ReadFile(member->disk(), file).value(), "mine");
    return std::string(status.message());
  };
  EXPECT_EQ(refused("/default.etcd/mine", ""),
            "data-dir \"/default.etcd\" not empty or could not be read");
  const std::string leftover =
      " exists, where the new directory is made before it takes its name; if it is what an earlier "
      "try has left, remove it";
  EXPECT_EQ(refused("/default.etcd/restoring/mine", ""),
            "data-dir \"/default.etcd\" not empty or could not be read; /default.etcd/restoring" +
                leftover);
  EXPECT_EQ(refused("/log/mine", "/log"), "wal-dir \"/log\" exists");
  EXPECT_EQ(refused("/log.restoring/mine", "/log"),
            "/log.restoring" + leftover + ", else choose another name");
}

TEST_F(SnapshotRestoreTest, AFileThatIsNotWhatWasSavedIsRefused) {
  const std::string whole = SnapshotOf(Contents());
  const auto refused = [this](const std::string& bytes) {
    const auto member = NewMember();
    Write(member->disk(), kSnapshot, "");
    const auto file = member->disk().Open(kSnapshot, runtime::OpenMode::kCreateOrTruncate).value();
    EXPECT_TRUE(file->WriteAt(0, bytes).ok());
    const base::Status status = Restore(*member);
    EXPECT_FALSE(Exists(*member, "/default.etcd"));
    return std::string(status.message());
  };
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 1;
  EXPECT_THAT(refused(flipped), HasSubstr("expected sha256 "));
  EXPECT_EQ(refused(whole.substr(0, whole.size() - snap::kDigestBytes)),
            "snapshot missing hash but --skip-hash-check=false");
  EXPECT_THAT(refused(whole.substr(0, 8192)), HasSubstr(std::string(kSnapshot) + ": cut off"));
  EXPECT_THAT(refused(""), HasSubstr(kSnapshot));
  restore_.skip_digest = true;
  EXPECT_NE(refused(whole.substr(0, 4096)), "");
  Model foreign = Contents();
  foreign["foreign"]["key"] = "value";
  EXPECT_THAT(refused(SnapshotOf(foreign)), HasSubstr("a bucket \"foreign\""));
}

}  // namespace
}  // namespace server
