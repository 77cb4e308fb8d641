#include "server/replacement.h"

#include <gtest/gtest.h>

#include "runtime/simulated/disk.h"
#include "server/damaged_files.h"
#include "server/data_directory.h"
#include "server/testing/lost_messages.h"
#include "server/testing/simulated_member.h"
#include "storage/wal/reader.h"

namespace server {
namespace {

using std::chrono::seconds;

members::Member Example(bool is_learner) {
  return {.id = base::MemberId(0xa),
          .peer_urls = {"http://127.0.0.1:2380"},
          .is_learner = is_learner,
          .name = "a",
          .client_urls = {"http://127.0.0.1:2379"}};
}

TEST(ReplacementTest, ASuccessorHasAnIdentifierOfItsOwnAtEachMoment) {
  const Replacement one = NewReplacement(Example(false), base::ClusterId(1), {.unix_nanos = 1});
  const Replacement two = NewReplacement(Example(false), base::ClusterId(1), {.unix_nanos = 2});
  EXPECT_NE(one.successor, one.member);
  EXPECT_NE(one.successor, two.successor);
  EXPECT_TRUE(one.is_voter);
  EXPECT_FALSE(NewReplacement(Example(true), base::ClusterId(1), {}).is_voter);
}

TEST(ReplacementTest, ANoteIsKeptAcrossAPowerFailure) {
  runtime::simulated::Disk disk(1);
  Options options;
  options.data_dir = "/data";
  ASSERT_TRUE(disk.CreateDirectories("/data").ok());
  EXPECT_FALSE(ReadReplacement(disk, options)->has_value());
  const Replacement noted = NewReplacement(Example(false), base::ClusterId(1), {.unix_nanos = 1});
  ASSERT_TRUE(WriteReplacement(disk, options, noted).ok());
  disk.Restart(runtime::simulated::CrashMode::kDropUnsynced);
  EXPECT_EQ(*ReadReplacement(disk, options), noted);
  ASSERT_TRUE(RemoveReplacement(disk, options).ok());
  ASSERT_TRUE(RemoveReplacement(disk, options).ok());
  disk.Restart(runtime::simulated::CrashMode::kDropUnsynced);
  EXPECT_FALSE(ReadReplacement(disk, options)->has_value());
}

TEST(ReplacementTest, ANoteThatIsNoneIsNamed) {
  runtime::simulated::Disk disk(1);
  Options options;
  options.data_dir = "/data";
  ASSERT_TRUE(disk.CreateDirectories("/data").ok());
  auto file = disk.Open("/data/replacement", runtime::OpenMode::kCreate);
  ASSERT_TRUE((*file)->WriteAt(0, "{}").ok());
  const auto read = ReadReplacement(disk, options);
  EXPECT_EQ(read.status().code(), base::Code::kInvalidArgument);
  EXPECT_TRUE(read.status().message().starts_with("/data/replacement: "))
      << read.status().message();
}

// One of three, which hears nobody.
class ReplacedMemberTest : public ::testing::Test {
 protected:
  ReplacedMemberTest() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.options.replace = true;
    member_.database_is_a_file = true;
    member_.transport = &messages_;
  }
  void StartOnce() {
    ASSERT_TRUE(member_.Start().ok());
    member_.RunFor(seconds(1));
    self_ = member_.server().id();
    noted_ = NewReplacement({.id = self_,
                             .peer_urls = {"http://a:2380"},
                             .is_learner = false,
                             .name = "default",
                             .client_urls = {}},
                            member_.server().cluster(), {.unix_nanos = 1});
    member_.Kill();
  }
  base::Status Note(const Replacement& noted) {
    return WriteReplacement(member_.disk(), member_.options, noted);
  }

  LostMessages messages_;
  SimulatedMember member_{1};
  base::MemberId self_;
  Replacement noted_;
};

// The others may have removed it, and what was wrong with its files may not be seen again.
TEST_F(ReplacedMemberTest, AMemberThatIsBeingReplacedDoesNotStart) {
  StartOnce();
  ASSERT_TRUE(Note(noted_).ok());
  EXPECT_EQ(member_.Start().code(), base::Code::kDataLoss);
  member_.Kill();
  member_.options.replace = false;
  EXPECT_TRUE(member_.Start().ok()) << "without the flag nothing was asked for";
}

TEST_F(ReplacedMemberTest, ANoteOfOthersIsRemoved) {
  StartOnce();
  noted_.member = base::MemberId(1);
  ASSERT_TRUE(Note(noted_).ok());
  EXPECT_TRUE(member_.Start().ok());
  EXPECT_FALSE(ReadReplacement(member_.disk(), member_.options)->has_value());
}

TEST_F(ReplacedMemberTest, ItsFilesAreKeptBesideThoseOfTheSuccessor) {
  for (const char* wal_dir : {"", "/log"}) {
    member_.options.wal_dir = wal_dir;
    member_.options.join_existing_cluster = false;
    member_.options.joining.reset();
    StartOnce();
    const Paths paths(member_.options);
    const auto segments = member_.disk().List(paths.wal);
    ASSERT_TRUE(segments.ok());
    ASSERT_EQ((*OwnerOf(member_.disk(), member_.options))->member, self_);
    ASSERT_TRUE(PutFilesAside(member_.disk(), member_.options, noted_.successor).ok());
    ASSERT_TRUE(PutFilesAside(member_.disk(), member_.options, noted_.successor).ok());
    EXPECT_FALSE(OwnerOf(member_.disk(), member_.options)->has_value());
    const std::string kept = AsideLogPath(member_.options, noted_.successor);
    for (const std::string& segment : *segments) {
      EXPECT_TRUE(*member_.disk().Exists(kept + "/" + segment)) << segment;
    }
    EXPECT_TRUE(*member_.disk().Exists(AsidePath(member_.options, noted_.successor) + "/snap"));
    ASSERT_TRUE(Note(noted_).ok());
    member_.options.join_existing_cluster = true;
    member_.options.joining = JoiningOf(noted_);
    ASSERT_TRUE(member_.Start().ok());
    EXPECT_EQ(member_.server().id(), noted_.successor);
    EXPECT_TRUE(ReadReplacement(member_.disk(), member_.options)->has_value())
        << "it is yet to be a voter";
    member_.Kill();
    ASSERT_TRUE(member_.disk().RemoveAll(member_.options.data_dir).ok());
  }
}

TEST_F(ReplacedMemberTest, PuttingFilesAsideGoesOnAfterAPowerFailure) {
  StartOnce();
  const auto count = [this] {
    return member_.disk().List(AsideLogPath(member_.options, noted_.successor))->size();
  };
  for (uint64_t operations = 1;; ++operations) {
    member_.disk().FailPowerAfter(operations);
    const base::Status status = PutFilesAside(member_.disk(), member_.options, noted_.successor);
    member_.disk().FailPowerAfter(0);
    if (status.ok()) break;
    member_.disk().Restart(runtime::simulated::CrashMode::kKeepSome);
  }
  EXPECT_GT(count(), 0u);
  EXPECT_FALSE(OwnerOf(member_.disk(), member_.options)->has_value());
}

}  // namespace
}  // namespace server
