#include "server/committer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "observe/testing/memory_sink.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/scheduler.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

namespace server {
namespace {

class CommitterTest : public ::testing::Test {
 protected:
  CommitterTest() {
    options_.snapshot_count = 3;
    environment_.apply_loop = loop_.get();
    environment_.backend_loop = loop_.get();
    environment_.registry = &registry_;
    environment_.logger = &logger_;
    auto database =
        backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
    auto state = apply::State::Open(std::move(database), {}, &scheduler_.clock()).value();
    applier_ = std::make_unique<apply::Applier>(apply::Applier::Options(), std::move(state),
                                                raft::EntryId());
    committer_ = std::make_unique<Committer>(
        options_, environment_, applier_.get(), &progress_, &failure_, base::Index(),
        Committer::Hooks{.on_committed = [] {},
                         .save_snapshot =
                             [this](snap::Snapshot snapshot, base::Callback<void(bool)> done) {
                               asked_.push_back(snapshot.index.value());
                               done_ = std::move(done);
                             }});
  }

  void ApplyAndCommit(int entries) {
    for (int i = 0; i < entries; ++i) {
      etcdserverpb::InternalRaftRequest request;
      request.mutable_put()->set_key("a");
      raft::Entry entry{.term = base::Term(1), .index = applier_->applied().index + 1};
      entry.data = base::SharedBytes(request.SerializeAsString());
      ASSERT_TRUE(applier_->Apply(entry, scheduler_.clock().Now()).ok());
      committer_->Applied(entry.data.size());
    }
    bool durable = false;
    committer_->WhenDurable([&] { durable = true; });
    scheduler_.RunFor(std::chrono::seconds(1));
    ASSERT_TRUE(durable);
  }

  runtime::simulated::Scheduler scheduler_{1};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("apply");
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  observe::Registry registry_;
  Options options_;
  Environment environment_;
  Progress progress_;
  Failure failure_{[](const base::Status&) {}};
  std::unique_ptr<apply::Applier> applier_;
  std::vector<uint64_t> asked_;  // for snapshots of these entries
  base::Callback<void(bool)> done_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, WhatIsNotInTheDatabaseYetIsTold) {
  committer_->Applied(100);
  committer_->Applied(20);
  EXPECT_EQ(progress_.unsaved_bytes, 120u);
  ApplyAndCommit(1);
  EXPECT_EQ(progress_.unsaved_bytes, 0u);
}

TEST_F(CommitterTest, ASnapshotIsAskedForWhenEnoughIsInTheDatabase) {
  ApplyAndCommit(2);
  EXPECT_TRUE(asked_.empty());
  ApplyAndCommit(1);
  EXPECT_EQ(asked_, std::vector<uint64_t>{3});
}

TEST_F(CommitterTest, OneSnapshotIsSavedAtATime) {
  ApplyAndCommit(3);
  ApplyAndCommit(3);
  EXPECT_EQ(asked_, std::vector<uint64_t>{3});
  done_(true);
  ApplyAndCommit(1);
  EXPECT_EQ(asked_, (std::vector<uint64_t>{3, 7}));
}

TEST_F(CommitterTest, ASnapshotThatCouldNotBeSavedIsTriedAgainAtTheNextCommit) {
  ApplyAndCommit(3);
  done_(false);
  ApplyAndCommit(1);
  EXPECT_EQ(asked_, (std::vector<uint64_t>{3, 4}));
}

}  // namespace
}  // namespace server
