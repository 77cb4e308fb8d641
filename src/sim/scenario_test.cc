#include "sim/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/plan_settings.h"
#include "sim/swarm.h"

namespace sim {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto plan = ParseScenario(text);
  return plan.ok() ? "" : std::string(plan.status().message());
}

bool AreEqual(const Plan& a, const Plan& b) {
  const auto settings = Settings();
  return std::all_of(settings.begin(), settings.end(),
                     [&](const Setting& setting) { return setting.get(a) == setting.get(b); });
}

TEST(ScenarioTest, WhatIsNotNamedIsQuiet) {
  EXPECT_TRUE(AreEqual(ParseScenario("").value(), Plan::Quiet()));
  EXPECT_EQ(ToScenario(Plan::Quiet()), "");
}

TEST(ScenarioTest, NamesNumbersTimesAndSwitches) {
  const auto plan = ParseScenario(
      "# a comment\n"
      "\n"
      "cluster members=5 turmoil=1m30s\r\n"
      "messages loss=20  # in a thousand\n"
      "\tfaults kill=500ms pause=off\n"
      "raft pre_vote=off");
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->members, 5u);
  EXPECT_EQ(plan->turmoil, std::chrono::seconds(90));
  EXPECT_EQ(plan->message_loss, 20u);
  EXPECT_EQ(plan->kill_interval, std::chrono::milliseconds(500));
  EXPECT_EQ(plan->pause_interval, runtime::Duration{0});
  EXPECT_FALSE(plan->options.pre_vote);
}

TEST(ScenarioTest, APlanOfEachSeedIsAScenario) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Plan plan = Plan::FromSeed(seed);
    const std::string text = ToScenario(plan);
    const auto parsed = ParseScenario(text);
    ASSERT_TRUE(parsed.ok()) << text << parsed.status().message();
    EXPECT_TRUE(AreEqual(*parsed, plan)) << text;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), kScenarioLinesMax);
  }
}

TEST(ScenarioTest, EachSettingIsReadAsItIsWritten) {
  for (const Setting& setting : Settings()) {
    for (const uint64_t value : {setting.least, setting.most}) {
      Plan plan = Plan::Quiet();
      setting.set(&plan, value);
      EXPECT_EQ(setting.get(plan), value) << setting.group << "." << setting.name;
      if (!plan.Contradiction().empty()) continue;
      const auto parsed = ParseScenario(ToScenario(plan));
      ASSERT_TRUE(parsed.ok()) << ToScenario(plan) << parsed.status().message();
      EXPECT_TRUE(AreEqual(*parsed, plan)) << ToScenario(plan);
    }
  }
}

TEST(ScenarioTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(ErrorOf("cluster members"), "line 1: \"members\" is not name=value");
  EXPECT_EQ(ErrorOf("\n\nfaults kil=1s"), "line 3: there is no setting faults.kil");
  EXPECT_EQ(ErrorOf("fault kill=1s"), "line 1: there is no setting fault.kill");
  EXPECT_EQ(ErrorOf("faults kill=1s\nfaults kill=2s"), "line 2: faults.kill is there twice");
  EXPECT_EQ(ErrorOf("cluster members=8"),
            "line 1: cluster.members cannot be \"8\": it is from 1 to 7");
  EXPECT_EQ(ErrorOf("cluster members=3x"),
            "line 1: cluster.members cannot be \"3x\": it is from 1 to 7");
  EXPECT_EQ(ErrorOf("cluster members=off"),
            "line 1: cluster.members cannot be \"off\": it is from 1 to 7");
  EXPECT_EQ(ErrorOf("raft pre_vote=1"),
            "line 1: raft.pre_vote cannot be \"1\": it is from off to on");
  EXPECT_EQ(ErrorOf("faults kill=5"),
            "line 1: faults.kill cannot be \"5\": it is from 1ms to 1h0m0s");
  EXPECT_EQ(ErrorOf("faults kill=-5s"),
            "line 1: faults.kill cannot be \"-5s\": it is from 1ms to 1h0m0s");
  EXPECT_EQ(ErrorOf("messages latency=20.5us"),
            "line 1: messages.latency cannot be \"20.5us\": it is from 20µs to 1s");
  EXPECT_EQ(ErrorOf("cluster tick_min=20ms"), "cluster.tick_min is more than tick_max");
  EXPECT_EQ(ErrorOf("cluster service=on\nmessages partition=1s"),
            "cluster.service excludes messages.partition");
  EXPECT_EQ(ErrorOf("cluster service=on\noperators members=1s"),
            "cluster.service excludes operators.members");
  EXPECT_EQ(ErrorOf("cluster service=on\ndisks reserve=1"),
            "cluster.service excludes disks.reserve");
  EXPECT_EQ(ErrorOf("cluster service=on\nmessages latency=30ms"),
            "cluster.service excludes latencies that an election cannot bear");
  EXPECT_EQ(ErrorOf("cluster service=on\ndisks loss=1s"),
            "cluster.service with disks.loss or disks.log_damage demands clients.dial");
  EXPECT_EQ(ErrorOf("cluster hold=on\ndisks loss=1s"),
            "cluster.hold excludes operators.members, disks.loss and disks.log_damage");
}

TEST(ScenarioTest, IsShort) {
  std::string text;
  for (size_t i = 0; i < kScenarioLinesMax; ++i) text += "faults\n";
  EXPECT_EQ(ErrorOf(text + "\n# a comment"), "");
  EXPECT_EQ(ErrorOf(text + "faults"), "line 21: a scenario has at most 20 lines");
  EXPECT_EQ(ErrorOf(std::string(kScenarioBytesMax, ' ')), "");
  EXPECT_EQ(ErrorOf(std::string(kScenarioBytesMax + 1, ' ')), "a scenario has at most 65536 bytes");
}

TEST(SwarmTest, LeavesOutAtChanceAndNeverTooMuch) {
  const Plan quiet = Plan::Quiet();
  for (const Setting& setting : Settings()) {
    uint64_t quiet_ones = 0;
    for (uint64_t seed = 1; seed <= 200; ++seed) {
      Plan plan = quiet;
      setting.set(&plan, setting.most);
      runtime::Random random(seed);
      Swarm(random, &plan);
      EXPECT_TRUE(setting.Takes(setting.get(plan))) << setting.group << "." << setting.name;
      quiet_ones += setting.get(plan) == setting.get(quiet) ? 1 : 0;
    }
    const bool may_be_left_out = setting.kind == Kind::kFeature || setting.kind == Kind::kKnob;
    if (setting.get(quiet) == setting.most) continue;
    EXPECT_EQ(quiet_ones > 50, may_be_left_out) << setting.group << "." << setting.name;
    EXPECT_LT(quiet_ones, 150u) << setting.group << "." << setting.name;
  }
}

}  // namespace
}  // namespace sim
