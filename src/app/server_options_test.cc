#include "app/server_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ServerOptionsTest, WhatTheFlagsSayReachesTheMember) {
  config::ServerConfig config;
  config.member.name = "a";
  config.member.data_dir = "/data";
  config.member.wal_dir = "/wal";
  config.member.heartbeat_interval = milliseconds(7);
  config.member.election_timeout = milliseconds(77);
  config.member.snapshot_count = 11;
  config.member.snapshot_catchup_entries = 12;
  config.member.max_snapshots = 13;
  config.member.max_wals = 14;
  config.member.max_txn_ops = 15;
  config.client_api.max_request_bytes = 16;
  config.monitoring.warning_apply_duration = milliseconds(17);
  config.backend.quota_bytes = 18;
  config.backend.bootstrap_defrag_threshold_megabytes = 19;
  config.backend.batch_interval = milliseconds(20);
  config.backend.batch_limit = 21;
  config.maintenance.compaction_batch_limit = 22;
  config.maintenance.compaction_sleep_interval = milliseconds(23);
  config.maintenance.watch_progress_notify_interval = milliseconds(230);
  config.cluster.max_learners = 24;
  config.cluster.pre_vote = false;
  config.cluster.force_new_cluster = true;
  config.backend.unsafe_no_fsync = true;
  const base::Result<server::Options> options = ServerOptions(config);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->name, "a");
  EXPECT_EQ(options->data_dir, "/data");
  EXPECT_EQ(options->wal_dir, "/wal");
  EXPECT_EQ(options->heartbeat_interval, milliseconds(7));
  EXPECT_EQ(options->election_timeout, milliseconds(77));
  EXPECT_EQ(options->snapshot_count, 11u);
  EXPECT_EQ(options->snapshot_catchup_entries, 12u);
  EXPECT_EQ(options->max_snapshots, 13u);
  EXPECT_EQ(options->max_wals, 14u);
  EXPECT_EQ(options->max_txn_ops, 15u);
  EXPECT_EQ(options->max_request_bytes, 16u);
  EXPECT_EQ(options->warning_apply_duration, milliseconds(17));
  EXPECT_EQ(options->quota_backend_bytes, 18);
  EXPECT_EQ(options->bootstrap_defragment_bytes, uint64_t{19} << 20);
  EXPECT_EQ(options->backend_batch_interval, milliseconds(20));
  EXPECT_EQ(options->backend_batch_limit, 21u);
  EXPECT_EQ(options->compaction_batch_limit, 22u);
  EXPECT_EQ(options->compaction_sleep_interval, milliseconds(23));
  EXPECT_EQ(options->watch_progress_notify_interval, milliseconds(230));
  EXPECT_EQ(options->max_learners, 24u);
  EXPECT_FALSE(options->pre_vote);
  EXPECT_TRUE(options->unsafe_no_fsync);
  EXPECT_TRUE(options->force_new_cluster);
}

TEST(ServerOptionsTest, AZeroMeansEtcdsUsualValue) {
  const base::Result<server::Options> options = ServerOptions({});
  ASSERT_TRUE(options.ok());
  const server::Options usual;
  EXPECT_EQ(options->quota_backend_bytes, int64_t{2} << 30);
  EXPECT_EQ(options->backend_batch_interval, usual.backend_batch_interval);
  EXPECT_EQ(options->backend_batch_limit, usual.backend_batch_limit);
  EXPECT_EQ(options->compaction_batch_limit, usual.compaction_batch_limit);
  EXPECT_EQ(options->compaction_sleep_interval, usual.compaction_sleep_interval);
  EXPECT_EQ(options->watch_progress_notify_interval, usual.watch_progress_notify_interval);
  EXPECT_EQ(options->bootstrap_defragment_bytes, 0u);
  EXPECT_TRUE(options->pre_vote);
}

TEST(ServerOptionsTest, TheSmallestValuesThatAreSetCount) {
  config::ServerConfig config;
  config.backend.quota_bytes = -1;
  config.backend.batch_interval = std::chrono::nanoseconds(1);
  config.backend.batch_limit = 1;
  config.maintenance.compaction_batch_limit = 1;
  config.maintenance.compaction_sleep_interval = std::chrono::nanoseconds(1);
  config.cluster.max_learners = -1;
  const base::Result<server::Options> options = ServerOptions(config);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->quota_backend_bytes, -1);
  EXPECT_EQ(options->backend_batch_interval, std::chrono::nanoseconds(1));
  EXPECT_EQ(options->backend_batch_limit, 1u);
  EXPECT_EQ(options->compaction_batch_limit, 1u);
  EXPECT_EQ(options->compaction_sleep_interval, std::chrono::nanoseconds(1));
  EXPECT_EQ(options->max_learners, 0u);
}

TEST(ServerOptionsTest, AnInitialClusterIsListedByName) {
  config::ServerConfig config;
  config.cluster.initial_cluster = "b=http://b:1,a=http://a:1,b=http://b:2";
  config.cluster.initial_cluster_token = "mine";
  config.cluster.advertise_client_urls = {{"http", "a", 2, ""}, {"https", "a", 3, ""}};
  base::Result<server::Options> options = ServerOptions(config);
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->initial_cluster.empty());
  ASSERT_TRUE(SetInitialCluster(config.cluster.initial_cluster, &*options).ok());
  ASSERT_EQ(options->initial_cluster.size(), 2u);
  EXPECT_EQ(options->initial_cluster[0].name, "a");
  EXPECT_THAT(options->initial_cluster[0].peer_urls, ElementsAre("http://a:1"));
  EXPECT_EQ(options->initial_cluster[1].name, "b");
  EXPECT_THAT(options->initial_cluster[1].peer_urls, ElementsAre("http://b:1", "http://b:2"));
  EXPECT_EQ(options->initial_cluster_token, "mine");
  EXPECT_THAT(options->advertise_client_urls, ElementsAre("http://a:2", "https://a:3"));
  EXPECT_FALSE(options->join_existing_cluster);
  config.cluster.initial_cluster_state = config::ClusterState::kExisting;
  EXPECT_TRUE(ServerOptions(config)->join_existing_cluster);
}

TEST(ServerOptionsTest, AnInitialClusterThatCannotBeIsRefused) {
  server::Options options;
  const base::Status status = SetInitialCluster("a=nonsense", &options);
  EXPECT_EQ(status.code(), base::Code::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nonsense"));
}

}  // namespace
}  // namespace app
