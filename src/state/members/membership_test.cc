#include "state/members/membership.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "state/members/conf_state.h"
#include "state/members/snapshot_json.h"
#include "storage/mvcc/testing/store_harness.h"
#include "storage/schema/schema.h"

namespace members {
namespace {

using raft::ConfChangeType;

constexpr base::MemberId kOne{0x8e9e05c52164694d};
constexpr base::MemberId kTwo{2};
constexpr size_t kLearnersMax = 1;

Member NewMember(base::MemberId id, std::string url) {
  return {.id = id, .peer_urls = {std::move(url)}, .name = "", .client_urls = {}};
}

// etcd 3.4.23 was started with these flags and answered with these identifiers.
TEST(MemberTest, IdentifiersAreThoseOfEtcd) {
  const base::MemberId id = InitialMemberId({"http://localhost:2380"}, "etcd-cluster");
  EXPECT_EQ(HexText(id.value()), "8e9e05c52164694d");
  EXPECT_EQ(HexText(InitialClusterId({id}).value()), "cdf818194e3a8c32");
}

TEST(MemberTest, TheOrderOfPeerUrlsDoesNotMatter) {
  EXPECT_EQ(InitialMemberId({"http://a:1", "http://b:2"}, "t"),
            InitialMemberId({"http://b:2", "http://a:1"}, "t"));
}

// As etcd 3.7.1 has named them.
TEST(MemberIdTest, AnAddedMemberIsNamedAfterItsUrlsAndTheSecond) {
  EXPECT_EQ(AddedMemberId({"http://127.0.0.1:23801"}, 1795708763).value(), 11682975092332317642u);
  EXPECT_EQ(AddedMemberId({"http://b:1", "http://a:1"}, 1795708763).value(), 16506541004042989920u);
}

TEST(MemberTest, JsonIsThatOfEtcd) {
  Member member = NewMember(kOne, "http://localhost:2380");
  EXPECT_EQ(ToJson(member), R"({"id":10276657743932975437,"peerURLs":["http://localhost:2380"]})");
  member.name = "default";
  member.client_urls = {"http://localhost:2379"};
  member.is_learner = true;
  EXPECT_EQ(ToJson(member),
            R"({"id":10276657743932975437,"peerURLs":["http://localhost:2380"],"isLearner":true,)"
            R"("name":"default","clientURLs":["http://localhost:2379"]})");
  EXPECT_EQ(FromJson(ToJson(member)).value(), member);
}

TEST(MemberTest, TextThatIsNoMemberIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"id":"x","peerURLs":[]})",
                           R"({"id":1,"peerURLs":[1]})", R"({"id":1,"peerURLs":"u"})",
                           R"({"id":2e19,"peerURLs":[]})", R"({"id":1.5,"peerURLs":[]})"}) {
    EXPECT_FALSE(FromJson(text).ok()) << text;
  }
}

TEST(ConfStateTest, WhatIsNoNumberOfAMemberIsRefused) {
  EXPECT_EQ(ConfStateFromJson(R"({"voters":[1,18446744073709551615]})")->voters.size(), 2u);
  for (const char* text : {R"({"voters":[2e19]})", R"({"voters":[-1]})", R"({"voters":[1.5]})",
                           R"({"voters":1})", R"({"voters":{"a":1}})", R"({"voters":["1"]})"}) {
    EXPECT_EQ(ConfStateFromJson(text).status().code(), base::Code::kDataLoss) << text;
  }
}

TEST(ChangeContextTest, ARemovalMayNameWhoTakesThePlace) {
  ChangeContext context{.member = NewMember(kOne, "http://a:2380"),
                        .is_promote = false,
                        .successor = base::MemberId(~uint64_t{0})};
  const std::string text = ToJson(context);
  EXPECT_NE(text.find(R"("successor":18446744073709551615)"), std::string::npos) << text;
  EXPECT_EQ(ChangeContextFromJson(text)->successor, context.successor);
  context.successor = {};
  EXPECT_EQ(ToJson(context).find("successor"), std::string::npos) << "as etcd writes it";
  for (const char* wrong : {"-1", "1.5", "\"1\"", "null", "2e19"}) {
    const std::string broken = R"({"id":1,"peerURLs":[],"successor":)" + std::string(wrong) + "}";
    EXPECT_FALSE(ChangeContextFromJson(broken).ok()) << broken;
  }
}

class MembershipTest : public ::testing::Test {
 protected:
  Membership Load() {
    return Membership::Load(*harness_.database().NewReader().value(), &harness_.buffer()).value();
  }
  void Restart() {
    harness_.EndEntry();
    harness_.Commit();
    harness_.Reopen();
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kLmdb};
};

TEST_F(MembershipTest, EveryChangeSurvivesARestart) {
  Membership membership = Load();
  membership.Add(NewMember(kOne, "http://a:2380"));
  Member learner = NewMember(kTwo, "http://b:2380");
  learner.is_learner = true;
  membership.Add(learner);
  membership.Add(NewMember(base::MemberId(3), "http://c:2380"));
  membership.Promote(kTwo);
  membership.UpdatePeerUrls(kTwo, {"http://d:2380"});
  membership.SetAttributes(kOne, "default", {"http://a:2379"});
  membership.Remove(base::MemberId(3));
  membership.SetClusterVersion("3.7.0");
  membership.SetDowngrade({true, "3.6.0"});
  membership.SetExtensions({"a", "b"});
  Restart();
  const Membership again = Load();
  EXPECT_EQ(again.members(), membership.members());
  EXPECT_EQ(again.removed(), membership.removed());
  EXPECT_EQ(again.cluster_version(), "3.7.0");
  EXPECT_EQ(again.downgrade(), (Downgrade{true, "3.6.0"}));
  EXPECT_EQ(again.extensions(), (Extensions{"a", "b"}));
  EXPECT_EQ(again.Find(kTwo)->peer_urls, std::vector<std::string>{"http://d:2380"});
  EXPECT_FALSE(again.Find(kTwo)->is_learner);
}

TEST_F(MembershipTest, WhoTakesThePlaceOfARemovedMemberIsRemembered) {
  Membership membership = Load();
  membership.Add(NewMember(kOne, "http://a:2380"));
  membership.Add(NewMember(kTwo, "http://b:2380"));
  membership.Remove(kOne, base::MemberId(0xfe));
  membership.Remove(kTwo);
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(membership.SuccessorOf(kOne), base::MemberId(0xfe));
    EXPECT_EQ(membership.SuccessorOf(kTwo), base::MemberId());
    EXPECT_EQ(membership.removed(), (std::set<base::MemberId>{kOne, kTwo}));
    Restart();
    membership = Load();
  }
}

TEST_F(MembershipTest, TheSchemaIsThatOfTheClustersVersion) {
  Membership membership = Load();
  const auto storage_version = [this] {
    Restart();
    const auto reader = harness_.database().NewReader().value();
    const auto found =
        reader->Get(schema::Id(schema::Bucket::kMeta), schema::kStorageVersion).value();
    return std::string(found.value_or("none"));
  };
  membership.SetClusterVersion("3.0.0");
  EXPECT_EQ(storage_version(), "none");
  Membership again = Load();
  again.SetClusterVersion("3.6.0");
  EXPECT_EQ(storage_version(), "3.6.0");
}

// As etcd 3.7.1 keeps it.
TEST(DowngradeTest, JsonIsThatOfEtcd) {
  EXPECT_EQ(ToJson(Downgrade{true, "3.6.0"}), R"({"target-version":"3.6.0","enabled":true})");
  EXPECT_EQ(ToJson(Downgrade()), R"({"target-version":"","enabled":false})");
  for (const Downgrade& downgrade :
       {Downgrade{true, "3.6.0"}, Downgrade(), Downgrade{true, "\""}}) {
    EXPECT_EQ(DowngradeFromJson(ToJson(downgrade)).value(), downgrade);
  }
  EXPECT_EQ(DowngradeFromJson("{}").value(), Downgrade());
  for (const char* text : {"", "{", "[]", "null", R"({"enabled":1})", R"({"target-version":3})"}) {
    EXPECT_EQ(DowngradeFromJson(text).status().code(), base::Code::kDataLoss) << text;
  }
}

TEST_F(MembershipTest, TheConfigurationSurvivesARestart) {
  EXPECT_EQ(ReadConfState(*harness_.database().NewReader().value()).value(), std::nullopt);
  Membership membership = Load();
  const raft::ConfState conf_state{.voters = {kOne, kTwo}, .learners = {base::MemberId(3)}};
  membership.SaveConfState(conf_state);
  Restart();
  EXPECT_EQ(ReadConfState(*harness_.database().NewReader().value()).value(), conf_state);
}

TEST_F(MembershipTest, ImpossibleChangesAreRefusedWithTheirReason) {
  Membership membership = Load();
  membership.Add(NewMember(kOne, "http://a:2380"));
  membership.Add(NewMember(kTwo, "http://b:2380"));
  membership.Remove(kTwo);
  const auto validate = [&membership](ConfChangeType type, base::MemberId id,
                                      ChangeContext context) {
    return membership.Validate(type, id, context, kLearnersMax);
  };
  const base::MemberId three{3};
  const auto add = ConfChangeType::kAddNode;
  EXPECT_EQ(validate(add, kTwo, {NewMember(kTwo, "http://b:2380")}), base::errors::kMemberNotFound);
  EXPECT_EQ(validate(add, kOne, {NewMember(kOne, "http://z:2380")}), base::errors::kMemberExists);
  EXPECT_EQ(validate(add, three, {NewMember(three, "http://a:2380")}),
            base::errors::kPeerUrlExists);
  EXPECT_EQ(validate(add, kOne, {NewMember(kOne, ""), true}), base::errors::kMemberNotLearner);
  EXPECT_EQ(validate(add, three, {NewMember(three, ""), true}), base::errors::kMemberNotFound);
  EXPECT_EQ(validate(ConfChangeType::kRemoveNode, three, {}), base::errors::kMemberNotFound);
  EXPECT_EQ(validate(ConfChangeType::kUpdateNode, three, {}), base::errors::kMemberNotFound);
  EXPECT_TRUE(validate(add, three, {NewMember(three, "http://c:2380")}).ok());
}

TEST_F(MembershipTest, NoMoreLearnersThanAllowed) {
  Membership membership = Load();
  Member learner = NewMember(kOne, "http://a:2380");
  learner.is_learner = true;
  membership.Add(learner);
  Member second = NewMember(kTwo, "http://b:2380");
  second.is_learner = true;
  EXPECT_EQ(membership.Validate(ConfChangeType::kAddLearnerNode, kTwo, {second}, 1),
            base::errors::kTooManyLearners);
  EXPECT_TRUE(membership.Validate(ConfChangeType::kAddLearnerNode, kTwo, {second}, 2).ok());
}

TEST_F(MembershipTest, ARecordUnderAnothersKeyIsRefused) {
  harness_.buffer().Put(schema::Id(schema::Bucket::kMembers), "2",
                        ToJson(NewMember(kOne, "http://a:2380")));
  Restart();
  const auto loaded =
      Membership::Load(*harness_.database().NewReader().value(), &harness_.buffer());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), base::Code::kDataLoss);
}

TEST_F(MembershipTest, TheV2StoreNamesEveryMember) {
  Membership membership = Load();
  membership.Add(NewMember(kOne, "http://a:2380"));
  membership.SetAttributes(kOne, "default", {"http://a:2379"});
  membership.Add(NewMember(kTwo, "http://b:2380"));
  membership.Remove(kTwo);
  membership.SetClusterVersion("3.7.0");
  const auto json = nlohmann::json::parse(SnapshotJson(membership, base::Index(7)));
  const auto& cluster = json["Root"]["Children"]["0"];
  const auto& member = cluster["Children"]["members"]["Children"]["8e9e05c52164694d"];
  EXPECT_EQ(member["Path"], "/0/members/8e9e05c52164694d");
  EXPECT_EQ(member["Children"]["attributes"]["Value"],
            R"({"name":"default","clientURLs":["http://a:2379"]})");
  EXPECT_EQ(member["Children"]["raftAttributes"]["Value"], R"({"peerURLs":["http://a:2380"]})");
  EXPECT_EQ(cluster["Children"]["removed_members"]["Children"]["2"]["Path"],
            "/0/removed_members/2");
  EXPECT_EQ(cluster["Children"]["version"]["Value"], "3.7.0");
  EXPECT_EQ(json["CurrentIndex"], 7);
}

}  // namespace
}  // namespace members
