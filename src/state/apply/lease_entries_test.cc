#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/posix/clock.h"
#include "state/apply/applier.h"
#include "state/leases/leases.h"
#include "storage/backend/memory_backend.h"
#include "storage/mvcc/reads.h"
#include "storage/schema/schema.h"

// What entries do to leases, and leases to keys.

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;

class Heard final : public leases::Observer {
 public:
  void OnGranted(const leases::Lease& lease) override { Note("granted ", lease.id, lease.ttl); }
  void OnRevoking(base::LeaseId id) override { Note("revoking ", id, 0); }
  void OnCheckpointed(const leases::Lease& lease) override {
    Note("checkpointed ", lease.id, lease.remaining_ttl);
  }

  std::vector<std::string> lines;

 private:
  void Note(const std::string& what, base::LeaseId id, int64_t seconds) {
    lines.push_back(what + ToString(id) + " " + std::to_string(seconds));
  }
};

class LeaseEntriesTest : public ::testing::Test {
 protected:
  LeaseEntriesTest() : applier_(Options(), Open(), {}) {}

  Applier::Options Options() {
    return {.lease_observer = &heard_, .is_awaited = [](uint64_t id) { return id != 0; }};
  }
  std::shared_ptr<State> Open() {
    return State::Open(backend::OpenMemoryBackend(database_), {}, &clock_).value();
  }
  void Restart() {
    auto commit = applier_.state().store().TakeCommit(true);
    ASSERT_TRUE(commit.has_value());
    ASSERT_TRUE(applier_.state().database().Commit(*commit->batch).ok());
    applier_.state().store().Committed(*std::move(commit));
    applier_.Replace(Open(), applier_.applied());
  }
  Reply Apply(InternalRaftRequest request) {
    request.mutable_header()->set_id(++id_);
    const raft::Entry entry{.term = base::Term(1),
                            .index = applier_.applied().index + 1,
                            .data = base::SharedBytes(request.SerializeAsString())};
    auto outcome = applier_.Apply(entry, clock_.Now());
    EXPECT_TRUE(outcome.ok()) << outcome.status().ToString();
    return outcome.ok() ? std::move(outcome->reply) : Reply{outcome.status()};
  }
  Reply Grant(int64_t id, int64_t ttl = 60) {
    InternalRaftRequest request;
    request.mutable_lease_grant()->set_id(id);
    request.mutable_lease_grant()->set_ttl(ttl);
    return Apply(request);
  }
  Reply Revoke(int64_t id) {
    InternalRaftRequest request;
    request.mutable_lease_revoke()->set_id(id);
    return Apply(request);
  }
  Reply Checkpoint(int64_t id, int64_t remaining) {
    InternalRaftRequest request;
    auto* const checkpoint = request.mutable_lease_checkpoint()->add_checkpoints();
    checkpoint->set_id(id);
    checkpoint->set_remaining_ttl(remaining);
    return Apply(request);
  }
  Reply Put(const std::string& key, int64_t lease, bool ignore_lease = false) {
    InternalRaftRequest request;
    request.mutable_put()->set_key(key);
    request.mutable_put()->set_lease(lease);
    request.mutable_put()->set_ignore_lease(ignore_lease);
    return Apply(request);
  }
  Reply Delete(const std::string& key, const std::string& end) {
    InternalRaftRequest request;
    request.mutable_delete_range()->set_key(key);
    request.mutable_delete_range()->set_range_end(end);
    return Apply(request);
  }
  std::vector<base::Bytes> KeysOf(int64_t lease) {
    return applier_.state().leases().Keys(base::LeaseId(lease));
  }
  bool Has(const std::string& key) {
    mvcc::Reads reads(&applier_.state().store());
    return reads.Pin({}).value()->Get(key)->has_value();
  }
  base::Revision revision() { return applier_.state().store().revision(); }

  using Keys = std::vector<base::Bytes>;

  runtime::posix::Clock clock_;
  std::shared_ptr<backend::MemoryDatabase> database_ =
      backend::NewMemoryDatabase(schema::kBucketNames.size());
  Heard heard_;
  Applier applier_;
  uint64_t id_ = 0;
};

TEST_F(LeaseEntriesTest, AGrantIsAnsweredWithWhatWasGranted) {
  const Reply reply = Grant(7, 1);
  ASSERT_TRUE(reply.status.ok());
  etcdserverpb::LeaseGrantResponse response;
  ASSERT_TRUE(response.ParseFromString(reply.body));
  EXPECT_EQ(response.id(), 7);
  EXPECT_EQ(response.ttl(), 2);
  EXPECT_EQ(reply.revision, base::Revision(1));
  EXPECT_EQ(Grant(7).status, base::errors::kLeaseExists);
  EXPECT_EQ(Grant(0).status, base::errors::kLeaseNotFound);
  EXPECT_EQ(Grant(8, 9'000'000'001).status, base::errors::kLeaseTtlTooLarge);
  EXPECT_EQ(heard_.lines, (std::vector<std::string>{"granted 7 2"}));
}

TEST_F(LeaseEntriesTest, AKeyIsPutWithALeaseOnlyIfThereIsOne) {
  EXPECT_EQ(Put("a", 7).status, base::errors::kLeaseNotFound);
  EXPECT_EQ(revision(), base::Revision(1));
  ASSERT_TRUE(Grant(7).status.ok());
  ASSERT_TRUE(Put("a", 7).status.ok());
  EXPECT_EQ(KeysOf(7), Keys{"a"});
}

TEST_F(LeaseEntriesTest, ATransactionWithALeaseThatIsNotThereChangesNothing) {
  InternalRaftRequest request;
  request.mutable_txn()->add_success()->mutable_request_put()->set_key("a");
  auto* const put = request.mutable_txn()->add_success()->mutable_request_put();
  put->set_key("b");
  put->set_lease(7);
  EXPECT_EQ(Apply(request).status, base::errors::kLeaseNotFound);
  EXPECT_FALSE(Has("a"));
  ASSERT_TRUE(Grant(7).status.ok());
  EXPECT_TRUE(Apply(request).status.ok());
  EXPECT_EQ(KeysOf(7), Keys{"b"});
}

TEST_F(LeaseEntriesTest, AKeyIsWithTheLeaseThatItWasLastPutWith) {
  for (const int64_t id : {7, 8}) ASSERT_TRUE(Grant(id).status.ok());
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(Put(key, 7).status.ok());
  ASSERT_TRUE(Put("a", 8).status.ok());
  ASSERT_TRUE(Put("b", 0).status.ok());
  ASSERT_TRUE(Put("c", 0, /*ignore_lease=*/true).status.ok());
  EXPECT_EQ(KeysOf(7), (Keys{"c", "d"}));
  EXPECT_EQ(KeysOf(8), Keys{"a"});
  ASSERT_TRUE(Delete("c", "e").status.ok());
  EXPECT_EQ(KeysOf(7), Keys());
}

TEST_F(LeaseEntriesTest, ARevokeDeletesTheKeysInOneRevision) {
  ASSERT_TRUE(Grant(7).status.ok());
  for (const char* key : {"b", "a", "c"}) ASSERT_TRUE(Put(key, 7).status.ok());
  ASSERT_TRUE(Put("d", 0).status.ok());
  ASSERT_EQ(revision(), base::Revision(5));
  const Reply reply = Revoke(7);
  ASSERT_TRUE(reply.status.ok());
  EXPECT_EQ(reply.revision, base::Revision(6));
  EXPECT_EQ(revision(), base::Revision(6));
  EXPECT_FALSE(Has("a") || Has("b") || Has("c"));
  EXPECT_TRUE(Has("d"));
  EXPECT_FALSE(applier_.state().leases().Exists(base::LeaseId(7)));
  EXPECT_EQ(Revoke(7).status, base::errors::kLeaseNotFound);
  EXPECT_EQ(heard_.lines, (std::vector<std::string>{"granted 7 60", "revoking 7 0"}));
}

TEST_F(LeaseEntriesTest, ARevokeDeletesInTheOrderOfTheKeys) {
  ASSERT_TRUE(Grant(7).status.ok());
  for (const char* key : {"b", "a", "c"}) ASSERT_TRUE(Put(key, 7).status.ok());
  ASSERT_TRUE(Revoke(7).status.ok());
  const auto hash = mvcc::Reads(&applier_.state().store()).HashKv({}).value();
  // The same by hand.
  database_ = backend::NewMemoryDatabase(schema::kBucketNames.size());
  applier_.Replace(Open(), applier_.applied());
  ASSERT_TRUE(Grant(7).status.ok());
  for (const char* key : {"b", "a", "c"}) ASSERT_TRUE(Put(key, 7).status.ok());
  InternalRaftRequest request;
  for (const char* key : {"a", "b", "c"}) {
    request.mutable_txn()->add_success()->mutable_request_delete_range()->set_key(key);
  }
  ASSERT_TRUE(Apply(request).status.ok());
  EXPECT_EQ(mvcc::Reads(&applier_.state().store()).HashKv({}).value(), hash);
}

TEST_F(LeaseEntriesTest, ARevokeWithoutKeysIsNoRevision) {
  ASSERT_TRUE(Grant(7).status.ok());
  EXPECT_EQ(Revoke(7).revision, base::Revision(1));
  EXPECT_EQ(revision(), base::Revision(1));
}

TEST_F(LeaseEntriesTest, ARevokeCountsAsItsDeletions) {
  ASSERT_TRUE(Grant(7).status.ok());
  for (const char* key : {"a", "b"}) ASSERT_TRUE(Put(key, 7).status.ok());
  applier_.TakeCounts();
  ASSERT_TRUE(Revoke(7).status.ok());
  const kv::OperationCounts counts = applier_.TakeCounts();
  EXPECT_EQ(counts.deletes, 2u);
  EXPECT_EQ(counts.txns, 1u);
}

TEST_F(LeaseEntriesTest, LeasesAndTheirKeysAreThereAfterARestart) {
  for (const int64_t id : {7, 8}) ASSERT_TRUE(Grant(id).status.ok());
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(Put(key, 7).status.ok());
  ASSERT_TRUE(Put("b", 8).status.ok());
  ASSERT_TRUE(Delete("c", "").status.ok());
  Restart();
  EXPECT_EQ(KeysOf(7), Keys{"a"});
  EXPECT_EQ(KeysOf(8), Keys{"b"});
  ASSERT_TRUE(Revoke(7).status.ok());
  Restart();
  EXPECT_FALSE(applier_.state().leases().Exists(base::LeaseId(7)));
  EXPECT_FALSE(Has("a"));
  EXPECT_TRUE(Has("b"));
}

TEST_F(LeaseEntriesTest, CheckpointsAreKeptOnceAllMembersKeepThem) {
  const auto set_version = [this](const std::string& version) {
    InternalRaftRequest request;
    request.mutable_cluster_version_set()->set_ver(version);
    EXPECT_TRUE(Apply(request).status.ok());
  };
  const auto remaining = [this] {
    return applier_.state().leases().Find(base::LeaseId(7))->remaining_ttl;
  };
  ASSERT_TRUE(Grant(7).status.ok());
  for (const auto& [version, kept] :
       std::map<std::string, bool>{{"3.5.0", false}, {"3.6.0", true}, {"3.7.0", true}}) {
    set_version(version);
    ASSERT_TRUE(Checkpoint(7, 0).status.ok());
    ASSERT_TRUE(Checkpoint(7, 40).status.ok());
    EXPECT_EQ(remaining(), 40);
    Restart();
    EXPECT_EQ(remaining() == 40, kept) << version;
  }
  ASSERT_TRUE(Checkpoint(8, 40).status.ok());
  EXPECT_EQ(heard_.lines.back(), "checkpointed 7 40");
}

}  // namespace
}  // namespace apply
