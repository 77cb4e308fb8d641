#include "client/retry_policy.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace client {
namespace {

namespace errors = base::errors;
using base::Code;
using base::Status;
using std::chrono::milliseconds;

constexpr Credentials kAnonymous{};
constexpr Credentials kWithPassword{.has_password = true};
constexpr Credentials kWithToken{.has_token = true};

Remedy ForRead(const Status& status, const Credentials& credentials = kAnonymous) {
  return ChooseRemedy(status, Repeatable::kYes, 3, credentials);
}
Remedy ForWrite(const Status& status, const Credentials& credentials = kAnonymous) {
  return ChooseRemedy(status, Repeatable::kNo, 3, credentials);
}

TEST(RetryPolicyTest, AReadIsRepeatedWhenTheMemberIsUnavailable) {
  EXPECT_EQ(ForRead(errors::kNoLeader), Remedy::kRepeat);
  EXPECT_EQ(ForRead(Status(Code::kUnavailable, "connection reset")), Remedy::kRepeat);
}

TEST(RetryPolicyTest, AWriteThatMayHaveBeenDoneIsNotRepeated) {
  EXPECT_EQ(ForWrite(Status(Code::kUnavailable, "connection reset")), Remedy::kNone);
  EXPECT_EQ(ForWrite(errors::kTimeout), Remedy::kNone);
  EXPECT_EQ(ForWrite(errors::kNoLeader), Remedy::kNone);
  EXPECT_EQ(ForWrite(errors::kRequestCanceled), Remedy::kNone);
}

TEST(RetryPolicyTest, AFinalAnswerIsNotRepeated) {
  EXPECT_EQ(ForRead(errors::kCompacted), Remedy::kNone);
  EXPECT_EQ(ForRead(errors::kPermissionDenied), Remedy::kNone);
}

TEST(RetryPolicyTest, ALearnersRefusalIsRepeatedIfThereAreOtherEndpoints) {
  EXPECT_EQ(ForWrite(errors::kNotSupportedForLearner), Remedy::kRepeat);
  EXPECT_EQ(ChooseRemedy(errors::kNotSupportedForLearner, Repeatable::kYes, 1, kAnonymous),
            Remedy::kNone);
}

TEST(RetryPolicyTest, AnExpiredTokenIsRenewedEvenForAWrite) {
  EXPECT_EQ(ForWrite(errors::kInvalidAuthToken, kWithPassword), Remedy::kAuthenticate);
  EXPECT_EQ(ForWrite(errors::kAuthOldRevision, kWithPassword), Remedy::kAuthenticate);
  EXPECT_EQ(ForWrite(errors::kUserEmpty, kWithPassword), Remedy::kAuthenticate);
}

TEST(RetryPolicyTest, ATokenOfTheUsersIsNotRenewed) {
  EXPECT_EQ(ForWrite(errors::kInvalidAuthToken, kWithToken), Remedy::kNone);
  EXPECT_EQ(ForWrite(errors::kUserEmpty, kWithToken), Remedy::kNone);
}

TEST(RetryPolicyTest, WithoutCredentialsAnOldRevisionOfAuthIsRepeated) {
  EXPECT_EQ(ForWrite(errors::kAuthOldRevision), Remedy::kRepeat);
  EXPECT_EQ(ForWrite(errors::kUserEmpty), Remedy::kNone);
}

TEST(RetryWaitTest, WaitsOnceAMajorityHasBeenAsked) {
  runtime::Random random(1);
  const RetryWait retry{milliseconds(25), 10};
  EXPECT_EQ(retry.Before(1, 3, &random), runtime::Duration(0));
  EXPECT_GT(retry.Before(2, 3, &random), runtime::Duration(0));
  EXPECT_EQ(retry.Before(3, 3, &random), runtime::Duration(0));
  EXPECT_GT(retry.Before(1, 1, &random), runtime::Duration(0));
}

TEST(RetryWaitTest, JitterStaysWithinItsFraction) {
  runtime::Random random(1);
  const RetryWait retry{milliseconds(25), 10};
  runtime::Duration shortest = milliseconds(25);
  runtime::Duration longest = milliseconds(25);
  for (int i = 0; i < 1000; ++i) {
    const runtime::Duration wait = retry.Before(1, 1, &random);
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_GE(shortest, std::chrono::microseconds(22'500));
  EXPECT_LE(longest, std::chrono::microseconds(27'500));
  EXPECT_LT(shortest, std::chrono::microseconds(23'000));
  EXPECT_GT(longest, std::chrono::microseconds(27'000));
}

TEST(RetryWaitTest, WithoutJitterTheWaitIsExact) {
  runtime::Random random(1);
  EXPECT_EQ((RetryWait{milliseconds(25), 0}.Before(2, 2, &random)), milliseconds(25));
}

TEST(RetryPolicyTest, WhenToComeBackIsReadOfRefusalsAlone) {
  const Status refused(Code::kResourceExhausted, "too early");
  EXPECT_EQ(ReadRetryAfter(refused, "250"), milliseconds(250));
  EXPECT_EQ(ReadRetryAfter(refused, "0"), milliseconds(0));
  for (const char* const text : {"", "-1", "soon", "250 ms", " 250", "4294967296"}) {
    EXPECT_EQ(ReadRetryAfter(refused, text), std::nullopt) << text;
  }
  EXPECT_EQ(ReadRetryAfter(Status(Code::kUnavailable, "busy"), "250"), std::nullopt);
  EXPECT_EQ(ReadRetryAfter({}, "250"), std::nullopt);
}

TEST(RetryPolicyTest, ReadsWaitIfTheirTimeAllowsIt) {
  EXPECT_TRUE(MayWait(milliseconds(250), Repeatable::kYes, milliseconds(251)));
  EXPECT_FALSE(MayWait(milliseconds(250), Repeatable::kYes, milliseconds(250)));
  EXPECT_FALSE(MayWait(milliseconds(250), Repeatable::kNo, milliseconds(1000)));
  EXPECT_FALSE(MayWait(std::nullopt, Repeatable::kYes, milliseconds(1000)));
}

}  // namespace
}  // namespace client
