#include "utl/recover_report.h"

#include <gtest/gtest.h>

#include <string>

#include "base/testing/golden.h"
#include "utl/testing/survivors.h"

namespace utl {
namespace {

using testing::MakeSurvivor;

RecoverReport Example() {
  RecoverReport report;
  Survivor whole = MakeSurvivor(1, {{2, 80}, {4, 95}});
  whole.vote = base::MemberId(1);
  whole.commit = base::Index(93);
  whole.consistent_index = base::Index(90);
  whole.revision = 70;
  whole.keys = 12;
  whole.bytes = 123456;
  whole.hash = mvcc::KeyValueHash{.hash = 4711, .compact_revision = 5, .revision = 60};
  whole.mended_damage = "/d1/member/wal/0-0.wal: damaged at offset 8";
  Survivor damaged = MakeSurvivor(2, {{2, 99}});
  damaged.is_of_etcd = true;
  damaged.log_damage = "/d2/member/wal/0-0.wal: damaged at offset 4096";
  damaged.database_damage = "/d2/member/snap/db: page 3 is damaged";
  Survivor behind = MakeSurvivor(3, {{2, 60}});
  behind.members.back().is_learner = true;
  behind.members.back().name = "";
  behind.hash = base::Status(base::Code::kOutOfRange, "compacted");
  report.survivors = {whole, damaged, behind};
  report.verdict = Judge(report.survivors);
  report.answers = {{.endpoint = "http://h1:2379", .error = "h1:2379: refused"},
                    {.endpoint = "http://h2:2379",
                     .is_reached = true,
                     .cluster = base::ClusterId(0xc1),
                     .member = base::MemberId(2),
                     .leader = base::MemberId(3)}};
  report.quorum = JudgeAnswers(report.survivors, report.answers);
  return report;
}

TEST(RecoverReportTest, WhatIsToldIsWhatWasRecorded) {
  for (const char* const format : {"simple", "table", "fields", "json"}) {
    base::testing::ExpectGolden(std::string("src/utl/testdata/recover.") + format,
                                Render(Example(), format));
  }
}

TEST(RecoverReportTest, WithoutAnyToGoOnFromNoneIsNamed) {
  RecoverReport report = Example();
  report.survivors = {report.survivors[1]};
  report.verdict = Judge(report.survivors);
  const std::string json = Render(report, "json");
  EXPECT_NE(json.find("\"mostAdvanced\":null"), json.npos) << json;
}

}  // namespace
}  // namespace utl
