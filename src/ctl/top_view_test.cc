#include "ctl/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "cli/table.h"

namespace ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Page(int64_t puts, int64_t ranges, double slow_syncs) {
  const std::string handled = "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=";
  return handled + "\"Put\"} " + std::to_string(puts) + "\n" + handled + "\"Range\"} " +
         std::to_string(ranges) +
         "\nprocess_cpu_seconds_total 5\nprocess_resident_memory_bytes 30000000\n"
         "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 100\n"
         "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.032\"} " +
         std::to_string(100 + slow_syncs) +
         "\netcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"} " +
         std::to_string(100 + slow_syncs) + "\n";
}

MemberFacts Member(uint64_t id, const std::string& page) {
  MemberFacts facts{.endpoint = "m" + std::to_string(id) + ":1"};
  facts.status.header = {1, id, 40, 3};
  facts.status.leader = 1;
  facts.status.raft_term = 3;
  facts.status.raft_index = 9000;
  facts.status.raft_applied_index = 9000;
  facts.status.version = "3.7.1";
  facts.status.db_size = 2'000'000;
  facts.status.db_size_in_use = 1'000'000;
  facts.status.db_size_quota = 10'000'000;
  facts.metrics.emplace(page);
  return facts;
}

ClusterFacts Cluster(int64_t seconds, std::vector<MemberFacts> endpoints) {
  ClusterFacts facts{.endpoints = std::move(endpoints)};
  facts.members.emplace();
  facts.members->members = {{.id = 1, .name = "one"}, {.id = 2, .name = "two"}};
  facts.now.unix_nanos = seconds * 1'000'000'000;
  return facts;
}

TEST(TopViewTest, RatesAreOfWhatWasBetween) {
  const TopRound round = Compare(Cluster(10, {Member(1, Page(100, 1000, 0))}),
                                 Cluster(12, {Member(1, Page(300, 1010, 50))}));
  ASSERT_EQ(round.members.size(), 1u);
  const TopMember& member = round.members.front();
  EXPECT_EQ(round.seconds, 2);
  EXPECT_EQ(round.leader, "one");
  EXPECT_EQ(round.term, 3u);
  EXPECT_EQ(round.revision, 40);
  EXPECT_EQ(member.role, "leader");
  EXPECT_EQ(member.writes, 100);
  EXPECT_EQ(member.reads, 5);
  EXPECT_EQ(member.requests, 105);
  EXPECT_EQ(member.sync_p99, 0.032);
  EXPECT_EQ(member.cpu, 0);
  EXPECT_FALSE(member.commit_p99.has_value());
}

TEST(TopViewTest, AMemberThatWasStartedAnewHasNoNegativeRates) {
  const TopRound round =
      Compare(Cluster(10, {Member(1, Page(100, 0, 0))}), Cluster(12, {Member(1, Page(5, 0, 0))}));
  EXPECT_EQ(round.members.front().writes, 0);
}

TEST(TopViewTest, TheTextHasARowAMemberAndWhatIsWrong) {
  ClusterFacts now = Cluster(12, {Member(1, Page(300, 0, 50)),
                                  Member(2, Page(0, 0, 0)),
                                  {.endpoint = "m3:1", .failure = "Connection refused"}});
  now.endpoints[1].status.db_size_in_use = 9'000'000;
  now.endpoints[1].status.raft_applied_index = 1000;
  now.alarms = {{.member_id = 2, .type = etcd::AlarmType::kNoSpace}};
  now.read_failure = "no leader";
  const TopRound round =
      Compare(Cluster(10, {Member(1, Page(100, 0, 0)), Member(2, Page(0, 0, 0))}), now);
  const std::string text = TopText(round, {}, 1000);
  EXPECT_THAT(text, HasSubstr("leader one  term 3  revision 40\n"));
  for (const char* line : {"one: syncs of the log are slow\n", "two: alarm NOSPACE\n",
                           "two: 90% of the quota is in use", "two: 8000 entries are not applied\n",
                           "m3:1: Connection refused\n", "nothing can be read: no leader\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("follower"));
  EXPECT_THAT(text, HasSubstr("away"));
  EXPECT_THAT(text, HasSubstr("<32ms"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TopViewTest, NothingIsLostWhereTheTerminalIsNarrow) {
  ClusterFacts now =
      Cluster(12, {Member(1, Page(300, 0, 50)),
                   {.endpoint = "https://etcd-2.etcd.default.svc.cluster.local:2379",
                    .failure = "connection error: desc = \"transport: Error while dialing: "
                               "dial tcp 10.0.0.3:2379: connect: connection refused\""}});
  now.endpoints[1].endpoint = "https://10.0.0.3:2379";
  const TopRound round = Compare(Cluster(10, {Member(1, Page(100, 0, 0))}), now);
  const std::string wide = TopText(round, {}, 1000);
  for (const size_t columns : {40U, 80U, 100U}) {
    const std::string text = TopText(round, {}, columns);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(cli::WidthOf(line), columns) << line;
    }
    std::istringstream words(wide);
    for (std::string word; words >> word;) {
      if (word.starts_with("─") || word.starts_with("┌")) continue;
      if (word.starts_with("├") || word.starts_with("└")) continue;
      EXPECT_THAT(text, HasSubstr(word));
    }
  }
  EXPECT_EQ(cli::SplitToFit({.header = {"a", "b"}, .rows = {}}, 9).size(), 1u);
}

TEST(TopViewTest, WhatIsNotKnownIsNull) {
  ClusterFacts facts = Cluster(1, {Member(1, ""), {.endpoint = "m3:1", .failure = "\"away\""}});
  facts.endpoints[0].metrics.reset();
  const std::string json = TopJson(Compare(facts, facts));
  EXPECT_THAT(json, HasSubstr("\"requests_per_second\":null"));
  EXPECT_THAT(json, HasSubstr("\"db_size_in_use\":1000000"));
  EXPECT_THAT(json, HasSubstr("{\"endpoint\":\"m3:1\",\"failure\":\"\\\"away\\\"\"}"));
}

}  // namespace
}  // namespace ctl
