#include "server/forgotten.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/simulated/disk.h"
#include "server/damaged_files.h"
#include "server/testing/lost_messages.h"
#include "server/testing/simulated_member.h"

namespace server {
namespace {

using runtime::simulated::CrashMode;
using std::chrono::seconds;

constexpr base::Index kAcknowledged{1000};

class ForgottenNoteTest : public ::testing::Test {
 protected:
  ForgottenNoteTest() {
    options_.data_dir = "/data";
    EXPECT_TRUE(disk_.CreateDirectories("/data/member").ok());
  }
  std::string By(uint64_t member, uint64_t cluster) {
    return ForgottenBy(disk_, options_, {base::MemberId(member), base::ClusterId(cluster)}).value();
  }

  runtime::simulated::Disk disk_{1};
  Options options_;
};

TEST_F(ForgottenNoteTest, IsKeptAcrossAPowerFailureAndSaysItOfItsOwnerAlone) {
  EXPECT_EQ(By(1, 2), "");
  const Forgotten noted{.owner = {base::MemberId(1), base::ClusterId(2)},
                        .why = "it \"had\" 7 \xff"};
  ASSERT_TRUE(WriteForgotten(disk_, options_, noted).ok());
  disk_.Restart(CrashMode::kDropUnsynced);
  EXPECT_NE(By(1, 2).find("/data/member/forgotten: the member has lost"), std::string::npos);
  EXPECT_NE(By(1, 2).find("(it \"had\" 7 "), std::string::npos) << By(1, 2);
  EXPECT_EQ(By(3, 2), "");
  EXPECT_EQ(By(1, 3), "");
  ASSERT_TRUE(RemoveForgotten(disk_, options_).ok());
  ASSERT_TRUE(RemoveForgotten(disk_, options_).ok());
  disk_.Restart(CrashMode::kDropUnsynced);
  EXPECT_EQ(By(1, 2), "");
}

TEST_F(ForgottenNoteTest, SaysItOfEverybodyOnceAnyOfItIsDamaged) {
  const Forgotten noted{.owner = {base::MemberId(0xa1), base::ClusterId(2)}, .why = "of that"};
  ASSERT_TRUE(WriteForgotten(disk_, options_, noted).ok());
  const base::Bytes whole = runtime::ReadFile(disk_, ForgottenPath(options_)).value();
  auto file = disk_.Open(ForgottenPath(options_), runtime::OpenMode::kWrite).value();
  for (size_t at = 0; at < whole.size(); ++at) {
    base::Bytes damaged = whole;
    damaged[at] ^= 1;
    ASSERT_TRUE(file->WriteAt(0, damaged).ok());
    EXPECT_NE(By(3, 3).find("/data/member/forgotten: "), std::string::npos) << damaged;
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(file->WriteAt(0, whole).ok());
    ASSERT_TRUE(file->Truncate(size).ok());
    EXPECT_NE(By(3, 3).find("/data/member/forgotten: "), std::string::npos) << size;
  }
}

// One of three, whose leader knows that it had more than its log has.
class ForgetfulMemberTest : public ::testing::Test {
 protected:
  ForgetfulMemberTest() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.database_is_a_file = true;
    member_.transport = &messages_;
  }
  void Tell() {
    ASSERT_TRUE(member_.Start().ok());
    member_.RunFor(seconds(1));
    const auto members = member_.server().state()->view().Get()->members;
    owner_ = {member_.server().id(), member_.server().cluster()};
    for (const auto& other : members) {
      if (other.id == owner_.member) continue;
      raft::Message heartbeat{
          .type = raft::MessageType::kHeartbeat, .to = owner_.member, .from = other.id};
      heartbeat.term = base::Term(100);
      heartbeat.commit = kAcknowledged;
      ASSERT_TRUE(member_.server().Step(std::move(heartbeat)));
    }
    member_.RunFor(seconds(1));
  }
  bool IsNoted() { return *member_.disk().Exists(ForgottenPath(member_.options)); }

  LostMessages messages_;
  SimulatedMember member_{1};
  LogMetadata owner_{};
};

TEST_F(ForgetfulMemberTest, EndsAndDoesNotStartAgain) {
  Tell();
  EXPECT_EQ(member_.failure().code(), base::Code::kDataLoss);
  EXPECT_NE(member_.failure().message().find("told to commit up to index 1000"),
            std::string_view::npos);
  EXPECT_NE(member_.failure().message().find("remove the member and add it again"),
            std::string_view::npos);
  member_.Crash(CrashMode::kDropUnsynced);
  for (const bool replace : {false, true}) {
    member_.options.replace = replace;
    const base::Status refused = member_.Start();
    EXPECT_EQ(refused.code(), base::Code::kDataLoss) << refused.ToString();
    EXPECT_NE(refused.message().find("told to commit up to index 1000"), std::string_view::npos);
    EXPECT_NE(refused.message().find("remove the member and add it again"), std::string_view::npos);
    member_.Kill();
  }
}

TEST_F(ForgetfulMemberTest, EndsAlsoIfItCannotNoteIt) {
  ASSERT_TRUE(member_.disk().CreateDirectories(ForgottenPath(member_.options) + ".tmp").ok());
  Tell();
  EXPECT_EQ(member_.failure().code(), base::Code::kDataLoss) << member_.failure().ToString();
  EXPECT_FALSE(IsNoted());
}

TEST_F(ForgetfulMemberTest, ItsNoteGoesAsideWithItsFiles) {
  member_.options.replace = true;
  Tell();
  EXPECT_NE(member_.failure().message().find("has it replaced"), std::string_view::npos);
  member_.Crash(CrashMode::kDropUnsynced);
  const base::MemberId successor(77);
  ASSERT_TRUE(PutFilesAside(member_.disk(), member_.options, successor).ok());
  EXPECT_TRUE(*member_.disk().Exists(AsidePath(member_.options, successor) + "/forgotten"));
  member_.options.join_existing_cluster = true;
  member_.options.joining = Joining{successor, owner_.cluster};
  ASSERT_TRUE(member_.Start().ok());
  EXPECT_EQ(member_.server().id(), successor);
}

// Its directory was emptied but for the note, and it was added again.
TEST_F(ForgetfulMemberTest, ANoteOfAnotherIsRemoved) {
  const Forgotten noted{.owner = {base::MemberId(1), base::ClusterId(2)}, .why = "of that"};
  ASSERT_TRUE(member_.disk().CreateDirectories("/default.etcd/member").ok());
  ASSERT_TRUE(WriteForgotten(member_.disk(), member_.options, noted).ok());
  ASSERT_TRUE(member_.Start().ok());
  EXPECT_FALSE(IsNoted());
}

TEST_F(ForgetfulMemberTest, FoundedAnewItIsStillTheOneThatHasForgotten) {
  Tell();
  member_.Crash(CrashMode::kDropUnsynced);
  ASSERT_TRUE(member_.disk().RemoveAll("/default.etcd/member/wal").ok());
  ASSERT_TRUE(member_.disk().RemoveAll("/default.etcd/member/snap").ok());
  EXPECT_EQ(member_.Start().code(), base::Code::kDataLoss);
  EXPECT_EQ(member_.Start().code(), base::Code::kDataLoss);
}

TEST_F(ForgetfulMemberTest, GoesOnAloneIfItIsToldTo) {
  Tell();
  member_.Crash(CrashMode::kDropUnsynced);
  member_.options.force_new_cluster = true;
  ASSERT_TRUE(member_.Start().ok());
  EXPECT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  EXPECT_FALSE(IsNoted());
  member_.Crash(CrashMode::kDropUnsynced);
  member_.options.force_new_cluster = false;
  ASSERT_TRUE(member_.Start().ok());
  EXPECT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
}

}  // namespace
}  // namespace server
