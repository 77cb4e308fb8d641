#include "net/peer/lease_messages.h"

#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "server/lease_requests.h"

namespace peer {
namespace {

using Bytes = std::string;

constexpr base::LeaseId kLease(7);

// As etcd encodes them.
TEST(LeaseMessagesTest, RequestsHaveTheBytesOfEtcd) {
  EXPECT_EQ(EncodeRenewal(kLease), Bytes("\x08\x07"));
  EXPECT_EQ(EncodeLeaseQuestion({kLease, false}), Bytes("\x0a\x02\x08\x07"));
  EXPECT_EQ(EncodeLeaseQuestion({kLease, true}), Bytes("\x0a\x04\x08\x07\x10\x01"));
  EXPECT_EQ(EncodeRenewal(base::LeaseId(-1)),
            Bytes("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(LeaseMessagesTest, RequestsAreRead) {
  EXPECT_EQ(*ParseRenewal("\x08\x07"), kLease);
  EXPECT_EQ(*ParseRenewal(""), base::LeaseId());
  EXPECT_EQ(*ParseRenewal(EncodeRenewal(base::LeaseId(-1))), base::LeaseId(-1));
  for (const bool keys : {false, true}) {
    const auto question = ParseLeaseQuestion(EncodeLeaseQuestion({kLease, keys}));
    ASSERT_TRUE(question.ok());
    EXPECT_EQ(question->lease, kLease);
    EXPECT_EQ(question->keys, keys);
  }
  for (const char* bad : {"\xff", "\x0a\x02\x08", "\x0a"}) {
    EXPECT_EQ(ParseLeaseQuestion(bad).status().message(), "error unmarshalling request");
  }
  EXPECT_EQ(ParseRenewal("\x08").status().message(), "error unmarshalling request");
}

TEST(LeaseMessagesTest, ARenewalIsAnsweredInEtcdsWords) {
  const auto text = [](const base::Result<int64_t>& ttl) {
    const http::PlainResponse response = RenewalResponse(kLease, ttl);
    return std::to_string(response.status) + " " + response.body;
  };
  EXPECT_EQ(text(60), Bytes("200 \x10\x07\x18\x3c"));
  EXPECT_EQ(text(base::errors::kLeaseNotFound), "404 lease not found\n");
  EXPECT_EQ(text(server::kNotPrimary), "400 not a primary lessor\n");
  EXPECT_EQ(text(base::errors::kTimeoutWaitAppliedIndex),
            "408 waiting for node to catch up its applied index has timed out\n");
  EXPECT_EQ(RenewalResponse(kLease, 60).fields.Get("content-type"), "application/protobuf");
}

TEST(LeaseMessagesTest, AQuestionIsAnsweredInEtcdsWords) {
  const auto text = [](const base::Result<server::LeaseTimes>& times) {
    const http::PlainResponse response = LeaseTimesResponse(kLease, times);
    return std::to_string(response.status) + " " + response.body;
  };
  const server::LeaseTimes times{50, 60, {"a"}};
  EXPECT_EQ(text(times), Bytes("200 \x0a\x0b\x0a\x00\x10\x07\x18\x32\x20\x3c\x2a\x01"
                               "a",
                               17));
  EXPECT_EQ(text(base::errors::kLeaseNotFound), "404 lease not found\n");
  EXPECT_EQ(text(base::errors::kLeaderChanged), "500 not a primary lessor\n");
}

TEST(LeaseMessagesTest, AnswersAreRead) {
  EXPECT_EQ(*RenewedOf(kLease, 200, RenewalResponse(kLease, 60).body), 60);
  EXPECT_EQ(RenewedOf(kLease, 404, "lease not found\n").status(), base::errors::kLeaseNotFound);
  EXPECT_EQ(RenewedOf(kLease, 400, "not a primary lessor\n").status().message(),
            "lease: status 400: not a primary lessor");
  EXPECT_EQ(RenewedOf(base::LeaseId(8), 200, RenewalResponse(kLease, 60).body).status().message(),
            "lease: renew id mismatch");
  EXPECT_FALSE(RenewedOf(kLease, 200, "\xff").ok());
  const server::LeaseTimes times{-1, 60, {"a", "b"}};
  const auto read = LeaseTimesOf(kLease, 200, LeaseTimesResponse(kLease, times).body);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->ttl, -1);
  EXPECT_EQ(read->granted_ttl, 60);
  EXPECT_EQ(read->keys, times.keys);
  EXPECT_EQ(LeaseTimesOf(kLease, 404, "").status(), base::errors::kLeaseNotFound);
  EXPECT_FALSE(LeaseTimesOf(base::LeaseId(8), 200, LeaseTimesResponse(kLease, times).body).ok());
  EXPECT_FALSE(LeaseTimesOf(kLease, 200, "\x0a\x05\x10").ok());
}

}  // namespace
}  // namespace peer
