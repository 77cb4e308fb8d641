#include "sim/testing/quiet_cluster.h"

#include <gtest/gtest.h>

#include <utility>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "sim/process.h"

namespace sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

QuietCluster::QuietCluster(uint64_t seed) : scheduler_(seed) {
  plan_.members = 3;
  plan_.tick_interval_min = plan_.tick_interval_max = milliseconds(10);
  plan_.disk_latency_max = plan_.message_latency_max = milliseconds(1);
  plan_.downtime_max = milliseconds(100);
}

void QuietCluster::Start(seconds until_it_has_a_leader) {
  cluster_ = std::make_unique<Cluster>(&scheduler_, &wires_, &checker_, plan_, nullptr);
  scheduler_.RunFor(until_it_has_a_leader);
  ASSERT_NE(cluster_->Leader(), nullptr);
}

void QuietCluster::Propose(uint32_t field, const std::string& bytes,
                           std::function<void(bool)> done) {
  Process* const leader = cluster_->Leader();
  if (leader == nullptr) return;
  leader->Post([leader, field, bytes, done = std::move(done)] {
    leader->frontend().Propose(field, bytes,
                               [done](const apply::Reply& reply) { done(reply.status.ok()); });
  });
}

void QuietCluster::Put(int count) {
  for (int i = 0; i < count; ++i) {
    etcdserverpb::PutRequest put;
    put.set_key("key" + std::to_string(++puts_));
    put.set_value("value");
    Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber, put.SerializeAsString(),
            [this](bool carried_out) { acknowledged_ += carried_out ? 1 : 0; });
    scheduler_.RunFor(milliseconds(20));
  }
  scheduler_.RunFor(seconds(1));
}

base::MemberId QuietCluster::Follower() const {
  for (const base::MemberId id : cluster_->members()) {
    if (cluster_->process(id) != cluster_->Leader()) return id;
  }
  return base::MemberId();
}

void QuietCluster::ExpectNoViolation() const {
  EXPECT_TRUE(checker_.violation().ok()) << checker_.violation().message();
}

}  // namespace sim
