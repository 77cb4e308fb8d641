#include "config/feature_gates.h"

#include <gtest/gtest.h>

namespace config {
namespace {

// But for CompactHashCheck, which etcd has off.
TEST(FeatureGatesTest, DefaultsAreThoseOfEtcd) {
  EXPECT_EQ(FeatureGates().ToString(),
            "CompactHashCheck=true,FastLeaseKeepAlive=true,InitialCorruptCheck=false,"
            "LeaseCheckpoint=false,LeaseCheckpointPersist=false,PriorityRequest=false,"
            "SetMemberLocalAddr=false,StopGRPCServiceOnDefrag=false,"
            "TxnModeWriteWithSharedBuffer=true");
}

TEST(FeatureGatesTest, TextsAddToWhatIsSet) {
  FeatureGates gates;
  ASSERT_TRUE(gates.Set("CompactHashCheck=false").ok());
  ASSERT_TRUE(gates.Set(" FastLeaseKeepAlive = F ,").ok());
  EXPECT_FALSE(gates.Enabled(Feature::kCompactHashCheck));
  EXPECT_FALSE(gates.Enabled(Feature::kFastLeaseKeepAlive));
}

TEST(FeatureGatesTest, AStageSetsTheGatesThatNoTextNames) {
  FeatureGates gates;
  ASSERT_TRUE(gates.Set("AllAlpha=true,PriorityRequest=false").ok());
  EXPECT_TRUE(gates.Enabled(Feature::kSetMemberLocalAddr));
  EXPECT_FALSE(gates.Enabled(Feature::kPriorityRequest));
  ASSERT_TRUE(gates.Set("AllBeta=false").ok());
  EXPECT_FALSE(gates.Enabled(Feature::kTxnModeWriteWithSharedBuffer));
}

TEST(FeatureGatesTest, TheTextOfWhatIsSetHasWhatTextsNameAndWhatFollows) {
  FeatureGates gates;
  EXPECT_EQ(gates.TextOfSet(), "");
  ASSERT_TRUE(gates.Set("FastLeaseKeepAlive=false,CompactHashCheck=true").ok());
  EXPECT_EQ(gates.TextOfSet(), "CompactHashCheck=true,FastLeaseKeepAlive=false");
  ASSERT_TRUE(gates.Set("AllBeta=false").ok());
  EXPECT_EQ(gates.TextOfSet(),
            "AllBeta=false,CompactHashCheck=true,FastLeaseKeepAlive=false,"
            "TxnModeWriteWithSharedBuffer=false");
  EXPECT_FALSE(gates.Enabled(Stage::kBeta));
}

TEST(FeatureGatesTest, FailuresLeaveEverythingAndHaveTheTextsOfEtcd) {
  FeatureGates gates;
  EXPECT_EQ(gates.Set("CompactHashCheck=true,Nope=true").message(),
            "unrecognized feature gate: Nope");
  EXPECT_EQ(gates.Set("CompactHashCheck").message(), "missing bool value for CompactHashCheck");
  EXPECT_EQ(gates.Set("CompactHashCheck=maybe").message(),
            "invalid value of CompactHashCheck=maybe, err: strconv.ParseBool: parsing \"maybe\": "
            "invalid syntax");
  EXPECT_EQ(gates.ToString(), FeatureGates().ToString());
}

TEST(FeatureGatesTest, TheDescriptionNamesStageAndDefault) {
  const std::string text = DescribeFeatureGates("- ");
  EXPECT_NE(text.find("- AllAlpha=true|false (ALPHA - default=false)\n"), std::string::npos);
  EXPECT_NE(text.find("- FastLeaseKeepAlive=true|false (BETA - default=true)\n"),
            std::string::npos);
}

}  // namespace
}  // namespace config
