#include <gtest/gtest.h>

#include "raft/testing/confchange_transcript.h"
#include "raft/testing/interaction_env.h"
#include "raft/testing/quorum_transcript.h"
#include "raft/testing/transcript.h"

// etcd/raft's own scenarios: the same commands, the same output to the letter.

namespace raft {
namespace {

using testing::Case;

const char* const kFiles[] = {
    "confchange/joint_autoleave.txt",
    "confchange/joint_idempotency.txt",
    "confchange/joint_learners_next.txt",
    "confchange/joint_safety.txt",
    "confchange/simple_idempotency.txt",
    "confchange/simple_promote_demote.txt",
    "confchange/simple_safety.txt",
    "confchange/update.txt",
    "confchange/zero.txt",
    "interaction/async_storage_writes.txt",
    "interaction/async_storage_writes_append_aba_race.txt",
    "interaction/campaign.txt",
    "interaction/campaign_learner_must_vote.txt",
    "interaction/checkquorum.txt",
    "interaction/confchange_disable_validation.txt",
    "interaction/confchange_v1_add_single.txt",
    "interaction/confchange_v1_remove_leader.txt",
    "interaction/confchange_v1_remove_leader_stepdown.txt",
    "interaction/confchange_v2_add_double_auto.txt",
    "interaction/confchange_v2_add_double_implicit.txt",
    "interaction/confchange_v2_add_single_auto.txt",
    "interaction/confchange_v2_add_single_explicit.txt",
    "interaction/confchange_v2_replace_leader.txt",
    "interaction/confchange_v2_replace_leader_stepdown.txt",
    "interaction/forget_leader.txt",
    "interaction/forget_leader_prevote_checkquorum.txt",
    "interaction/forget_leader_read_only_lease_based.txt",
    "interaction/heartbeat_resp_recovers_from_probing.txt",
    "interaction/lagging_commit.txt",
    "interaction/prevote.txt",
    "interaction/prevote_checkquorum.txt",
    "interaction/probe_and_replicate.txt",
    "interaction/replicate_pause.txt",
    "interaction/single_node.txt",
    "interaction/slow_follower_after_compaction.txt",
    "interaction/snapshot_succeed_via_app_resp.txt",
    "interaction/snapshot_succeed_via_app_resp_behind.txt",
    "quorum/joint_commit.txt",
    "quorum/joint_vote.txt",
    "quorum/majority_commit.txt",
    "quorum/majority_vote.txt",
};

testing::Handler HandlerOf(std::string_view file) {
  if (file.starts_with("quorum/")) return &testing::HandleQuorum;
  if (file.starts_with("confchange/")) {
    auto transcript = std::make_shared<testing::ConfChangeTranscript>();
    return [transcript](const Case& c) { return transcript->Handle(c); };
  }
  auto env = std::make_shared<testing::InteractionEnv>();
  return [env](const Case& c) { return env->Handle(c); };
}

std::string PathOf(std::string_view file) {
  return testing::PublishedTranscripts() + "/" + std::string(file);
}

class PublishedTranscript : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedTranscript, GivesTheSameOutput) {
  const auto result = testing::RunTranscript(PathOf(GetParam()), false, HandlerOf(GetParam()));
  if (!result.found) GTEST_SKIP() << PathOf(GetParam()) << " is not there";
  RecordProperty("cases", result.cases);
  EXPECT_GT(result.cases, 0);
}

std::string NameOf(const ::testing::TestParamInfo<const char*>& info) {
  std::string name(info.param);
  name.resize(name.size() - std::string_view(".txt").size());
  for (char& c : name) c = c == '/' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(EtcdRaft, PublishedTranscript, ::testing::ValuesIn(kFiles), NameOf);

TEST(PublishedTranscripts, AreFortyOneFilesWith743Cases) {
  int cases = 0;
  for (const char* file : kFiles) {
    // The output is of no interest here: each case is replaced by what it expects.
    const auto result =
        testing::RunTranscript(PathOf(file), false, [](const Case& c) { return c.expected; });
    if (!result.found) GTEST_SKIP() << PathOf(file) << " is not there";
    cases += result.cases;
  }
  EXPECT_EQ(std::size(kFiles), 41u);
  EXPECT_EQ(cases, 743);
}

}  // namespace
}  // namespace raft
