#include "server/corruption_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/reads.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;

// A leader of three, which has put and compacted.
class CorruptionCheckerTest : public ::testing::Test {
 protected:
  CorruptionCheckerTest() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.options.compact_hash_check_interval = {};
    member_.transport = &peers_;
  }
  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    peers_.server = &member_.server();
    peers_.silent = false;
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
    for (const auto& member : member_.server().state()->view().Get()->members) {
      if (member.id != member_.server().id()) others_.push_back(member.id);
    }
    etcdserverpb::PutRequest put;
    put.set_key("a");
    for (int i = 0; i < 5; ++i) {
      Propose(InternalRaftRequest::kPutFieldNumber, put.SerializeAsString());
    }
    Compact(4);
  }
  void Compact(int64_t revision) {
    etcdserverpb::CompactionRequest compaction;
    compaction.set_revision(revision);
    Propose(InternalRaftRequest::kCompactionFieldNumber, compaction.SerializeAsString());
    ASSERT_TRUE(member_.RunUntil([&] {
      return member_.server().state()->store().CompactionHash(base::Revision(revision)).has_value();
    }));
  }
  void Propose(uint32_t field, std::string bytes) {
    auto answered = std::make_shared<bool>(false);
    member_.net_loop().Post([=, this] {
      member_.frontend().Propose(field, bytes, [=](const apply::Reply& reply) {
        EXPECT_TRUE(reply.status.ok());
        *answered = true;
      });
    });
    ASSERT_TRUE(member_.RunUntil([&] { return *answered; }));
  }
  // What a member with the same keys says.
  MemberHash Own(base::Revision at) {
    mvcc::Store& store = member_.server().state()->store();
    return {mvcc::Reads(&store).HashKv(at).value(), store.revision()};
  }
  // One of the others has other keys.
  void Corrupt(base::MemberId corrupt) {
    peers_.hashes = [this, corrupt](base::Revision at) {
      asked_.push_back(at);
      AgreeablePeers::Hashes told;
      for (const base::MemberId id : others_) {
        MemberHash hash = Own(at);
        if (id == corrupt) hash.hash.hash += 1;
        told.emplace(id, hash);
      }
      return told;
    };
  }
  std::set<alarms::Alarm> Alarms() {
    const auto view = member_.server().state()->view().Get();
    return {view->alarms.begin(), view->alarms.end()};
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
  std::vector<base::MemberId> others_;
  std::vector<base::Revision> asked_;
};

TEST_F(CorruptionCheckerTest, AMemberThatContradictsTheLeaderIsFoundByThePeriodicCheck) {
  member_.options.corrupt_check_interval = seconds(2);
  Start();
  Corrupt(others_[1]);
  ASSERT_TRUE(member_.RunUntil([this] { return !Alarms().empty(); }));
  EXPECT_EQ(Alarms(), (std::set<alarms::Alarm>{{others_[1], alarms::Type::kCorrupt}}));
  EXPECT_THAT(member_.LogLines(), Contains(HasSubstr("same compact revision then hashes must")));
}

TEST_F(CorruptionCheckerTest, EqualMembersRaiseNoAlarm) {
  member_.options.corrupt_check_interval = seconds(2);
  member_.options.compact_hash_check_interval = seconds(2);
  Start();
  Corrupt(base::MemberId());
  // What was hashed while compacting to the current revision has another compact revision.
  Compact(6);
  member_.RunFor(seconds(10));
  EXPECT_TRUE(Alarms().empty());
  EXPECT_THAT(member_.LogLines(), Contains(HasSubstr("finished peer corruption check")));
  EXPECT_THAT(member_.LogLines(), Contains(HasSubstr("successfully checked hash on whole")));
}

TEST_F(CorruptionCheckerTest, AMinorityIsFoundByWhatACompactionLeaves) {
  member_.options.compact_hash_check_interval = seconds(2);
  Start();
  Corrupt(others_[0]);
  ASSERT_TRUE(member_.RunUntil([this] { return !Alarms().empty(); }));
  EXPECT_EQ(Alarms(), (std::set<alarms::Alarm>{{others_[0], alarms::Type::kCorrupt}}));
  EXPECT_THAT(member_.LogLines(), Contains(HasSubstr("Detected compaction hash mismatch")));
}

TEST_F(CorruptionCheckerTest, AnAlarmThatIsOnIsNotRaisedAgain) {
  member_.options.compact_hash_check_interval = seconds(2);
  Start();
  Corrupt(others_[0]);
  ASSERT_TRUE(member_.RunUntil([this] { return !Alarms().empty(); }));
  const uint64_t applied = member_.server().progress().applied;
  member_.RunFor(seconds(20));
  EXPECT_EQ(member_.server().progress().applied, applied);
}

TEST_F(CorruptionCheckerTest, ACompactionAfterWhichAllWereEqualIsComparedOnce) {
  member_.options.compact_hash_check_interval = seconds(2);
  Start();
  Corrupt(base::MemberId());
  member_.RunFor(seconds(20));
  EXPECT_EQ(asked_, std::vector{base::Revision(4)});
}

// The older ones are compared as long as a member has not told the newest.
TEST_F(CorruptionCheckerTest, OlderCompactionsAreComparedWhereTheNewestIsNotKnown) {
  member_.options.compact_hash_check_interval = seconds(2);
  Start();
  Compact(6);
  peers_.hashes = [this](base::Revision at) {
    asked_.push_back(at);
    AgreeablePeers::Hashes told;
    told.emplace(others_[0], Own(at));
    if (at < base::Revision(6)) {
      told.emplace(others_[1], Own(at));
    } else {
      told.emplace(others_[1], base::errors::kFutureRevision);
    }
    return told;
  };
  member_.RunFor(seconds(7));
  ASSERT_GE(asked_.size(), 3u);
  EXPECT_EQ(asked_[0], base::Revision(6));
  EXPECT_EQ(asked_[1], base::Revision(4));
  // That is known to be equal from then on.
  EXPECT_EQ(std::count(asked_.begin(), asked_.end(), base::Revision(4)), 1);
  EXPECT_TRUE(Alarms().empty());
}

// It may never know: a start forgets what was hashed before.
TEST_F(CorruptionCheckerTest, WhoCannotTellIsAskedLessAndLessOften) {
  member_.options.compact_hash_check_interval = seconds(1);
  Start();
  peers_.hashes = [this](base::Revision at) {
    asked_.push_back(at);
    AgreeablePeers::Hashes told;
    for (const base::MemberId id : others_) told.emplace(id, base::errors::kCompacted);
    return told;
  };
  member_.RunFor(seconds(30));
  // After 1, 2, 4, 8 checks, and each 8 from then on.
  EXPECT_EQ(asked_.size(), 6u);
  // One that can comes at once.
  Corrupt(base::MemberId());
  Compact(6);
  member_.RunFor(seconds(2));
  EXPECT_EQ(asked_.back(), base::Revision(6));
}

TEST_F(CorruptionCheckerTest, NobodyIsAskedByDefaultButAfterCompactions) {
  Start();
  Corrupt(others_[0]);
  member_.RunFor(seconds(300));
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(Options().compact_hash_check_interval, std::chrono::minutes(1));
  EXPECT_EQ(Options().corrupt_check_interval, runtime::Duration(0));
}

}  // namespace
}  // namespace server
