#include "ctl/doctor_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ctl {
namespace {

using Severity = Finding::Severity;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

auto Is(Severity severity, const std::string& subject, const std::string& what) {
  return AllOf(Field(&Finding::severity, severity), Field(&Finding::subject, subject),
               Field(&Finding::what, HasSubstr(what)));
}

// Three members that are well.
class DoctorChecksTest : public ::testing::Test {
 protected:
  DoctorChecksTest() {
    facts_.members.emplace();
    facts_.now = {1'700'000'000'000'000'000};
    for (uint64_t id : {1, 2, 3}) {
      const std::string name = "m" + std::to_string(id);
      facts_.members->members.push_back(
          {.id = id, .name = name, .peer_urls = {}, .client_urls = {"http://" + name}});
      MemberFacts member{.endpoint = name + ":2379"};
      member.status.header.member_id = id;
      member.status.header.cluster_id = 7;
      member.status.version = "3.7.1";
      member.status.db_size = 1000;
      member.status.db_size_in_use = 900;
      member.status.db_size_quota = 10000;
      member.status.leader = 2;
      member.status.raft_index = 10000;
      member.status.raft_applied_index = 9999;
      member.metrics.emplace(
          "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.008\"} 100\n"
          "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"} 100\n"
          "process_open_fds 10\nprocess_max_fds 1000\n");
      facts_.endpoints.push_back(std::move(member));
    }
  }
  std::vector<Finding> Diagnosed() const { return Diagnose(facts_); }
  void SetMetrics(const std::string& page) { facts_.endpoints[0].metrics.emplace(page); }
  void Stop(size_t number) {
    facts_.endpoints[number].failure = "connect: Connection refused";
    facts_.endpoints[number].metrics.reset();
  }

  ClusterFacts facts_;
};

TEST_F(DoctorChecksTest, NothingIsWrongWithAClusterThatIsWell) {
  EXPECT_THAT(Diagnosed(), IsEmpty());
}

TEST_F(DoctorChecksTest, OneThatIsDownIsToldAndThatNoMoreMayGo) {
  Stop(2);
  const auto found = Diagnosed();
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found.front(), Is(Severity::kError, "m3:2379", "Connection refused"));
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "cluster", "lives on 2 of 3")));
}

TEST_F(DoctorChecksTest, AMajorityThatIsLostHasAWayOut) {
  Stop(1);
  Stop(2);
  facts_.endpoints[0].status.leader = 0;
  facts_.read_failure = "context deadline exceeded";
  const auto found = Diagnosed();
  EXPECT_THAT(found, Contains(Is(Severity::kError, "m1:2379", "knows of no leader")));
  EXPECT_THAT(found, Contains(AllOf(Is(Severity::kError, "cluster", "serves nothing"),
                                    Field(&Finding::advice, HasSubstr("etcdutl recover")))));
}

TEST_F(DoctorChecksTest, MembersThatWereNotAskedAreNoLoss) {
  facts_.endpoints.resize(1);
  const auto found = Diagnosed();
  EXPECT_THAT(found, Contains(Is(Severity::kNote, "m2", "was not asked")));
  EXPECT_THAT(found, Not(Contains(Field(&Finding::severity, Severity::kWarning))));
}

TEST_F(DoctorChecksTest, MembersThatDoNotVoteOrHaveNotStarted) {
  facts_.members->members.push_back({.id = 0x1f, .name = "", .peer_urls = {}, .client_urls = {}});
  facts_.endpoints[2].status.is_learner = true;
  facts_.members->members[2].is_learner = true;
  const auto found = Diagnosed();
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "1f", "has not started")));
  EXPECT_THAT(found, Contains(Is(Severity::kNote, "m3:2379", "is a learner")));
}

TEST_F(DoctorChecksTest, NumbersOfVotersThatAreOdd) {
  facts_.members->members.pop_back();
  facts_.endpoints.pop_back();
  EXPECT_THAT(Diagnosed(), Contains(Is(Severity::kWarning, "cluster", "2 voting members")));
  facts_.members->members.pop_back();
  facts_.endpoints.pop_back();
  facts_.endpoints[0].status.leader = 1;
  EXPECT_THAT(Diagnosed(), Contains(Is(Severity::kNote, "cluster", "one voting member")));
}

TEST_F(DoctorChecksTest, WhatMembersDisagreeAbout) {
  facts_.endpoints[0].status.leader = 1;
  facts_.endpoints[1].status.version = "3.6.5";
  facts_.endpoints[2].status.header.cluster_id = 8;
  facts_.endpoints[0].status.downgrade_enabled = true;
  facts_.endpoints[0].status.downgrade_target_version = "3.6.0";
  const auto found = Diagnosed();
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "cluster", "different leaders")));
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "cluster", "3.6.5, 3.7.1")));
  EXPECT_THAT(found, Contains(Is(Severity::kError, "cluster", "different clusters")));
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "cluster", "downgraded to 3.6.0")));
}

TEST_F(DoctorChecksTest, AlarmsSpaceAndProgress) {
  facts_.alarms = {{.member_id = 2, .type = etcd::AlarmType::kNoSpace},
                   {.member_id = 9, .type = etcd::AlarmType::kCorrupt}};
  facts_.endpoints[0].status.db_size_in_use = 9000;
  facts_.endpoints[1].status.db_size = 1 << 30;
  facts_.endpoints[2].status.raft_applied_index = 1000;
  const auto found = Diagnosed();
  EXPECT_THAT(found, Contains(Is(Severity::kError, "m2", "alarm NOSPACE")));
  EXPECT_THAT(found, Contains(Is(Severity::kError, "9", "alarm CORRUPT")));
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "m1:2379", "90% of its quota")));
  EXPECT_THAT(found, Contains(Is(Severity::kNote, "m2:2379", "free pages")));
  EXPECT_THAT(found, Contains(Is(Severity::kWarning, "m3:2379", "9000 entries behind")));
}

TEST_F(DoctorChecksTest, WhatMetricsTell) {
  SetMetrics(
      "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.016\"} 90\n"
      "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.064\"} 100\n"
      "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"} 100\n"
      "etcd_disk_backend_commit_duration_seconds_bucket{le=\"0.5\"} 0\n"
      "etcd_disk_backend_commit_duration_seconds_bucket{le=\"+Inf\"} 1\n"
      "etcd_network_peer_round_trip_time_seconds_bucket{To=\"2\",le=\"0.4096\"} 5\n"
      "etcd_network_peer_round_trip_time_seconds_bucket{To=\"2\",le=\"+Inf\"} 5\n"
      "cornerstore_peer_clock_difference_seconds{To=\"2\"} -2.5\n"
      "cornerstore_peer_clock_difference_seconds{To=\"3\"} 0.5\n"
      "etcd_server_leader_changes_seen_total 12\n"
      "process_open_fds 900\nprocess_max_fds 1000\n"
      "cornerstore_disk_free_bytes 1000000\n"
      "cornerstore_tls_certificate_expiry_seconds{flag=\"cert-file\"} 1700400000\n"
      "cornerstore_tls_certificate_expiry_seconds{flag=\"peer-cert-file\"} 1600000000\n"
      "cornerstore_tls_certificate_expiry_seconds{flag=\"client-cert-file\"} 1800000000\n");
  const auto found = Diagnosed();
  for (const char* const what :
       {"syncs one takes up to 64ms", "commits one takes up to more than", "round trips one takes",
        "2.5s behind that of m2", "90% of file descriptors", "--cert-file expires in 4 days"}) {
    EXPECT_THAT(found, Contains(Is(Severity::kWarning, "m1:2379", what))) << what;
  }
  EXPECT_THAT(found, Contains(Is(Severity::kError, "m1:2379", "--peer-cert-file has expired")));
  EXPECT_THAT(found, Contains(Is(Severity::kError, "m1:2379", "its disk has")));
  EXPECT_THAT(found, Contains(Is(Severity::kNote, "m1:2379", "12 changes of the leader")));
  EXPECT_THAT(found, Not(Contains(Field(&Finding::what, HasSubstr("client-cert-file")))));
  EXPECT_THAT(found, Not(Contains(Field(&Finding::what, HasSubstr("m3")))));
}

TEST_F(DoctorChecksTest, WithoutMetricsLessIsSeen) {
  facts_.endpoints[0].metrics.reset();
  EXPECT_THAT(Diagnosed(), Contains(Is(Severity::kNote, "m1:2379", "does not show its metrics")));
}

}  // namespace
}  // namespace ctl
