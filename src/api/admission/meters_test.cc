#include "api/admission/meters.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace admission {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kMemoryBytes = 1000;

class MetersTest : public ::testing::Test {
 protected:
  static admissionpb::Rule Of(const std::string& name, const std::string& user, uint64_t requests) {
    admissionpb::Rule rule;
    rule.set_name(name);
    rule.set_user(user);
    rule.set_requests_per_second(requests);
    return rule;
  }
  void Set(std::vector<admissionpb::Rule> rules) {
    rules_ = std::make_shared<const RuleSet>(std::move(rules));
  }
  std::optional<Refusal> Ask(const std::string& user, size_t bytes = 0) {
    charged_.clear();
    return meters_.Admit(rules_, {.user = user, .keys = {}, .bytes = bytes, .now = now_},
                         &charged_);
  }
  // How many come in now.
  int Count(const std::string& user) {
    int count = 0;
    while (!Ask(user).has_value()) ++count;
    return count;
  }
  bool Shows(const std::string& line) {
    return registry_.Scrape().find(line + "\n") != std::string::npos;
  }

  std::shared_ptr<const RuleSet> rules_ = std::make_shared<const RuleSet>();
  observe::Registry registry_;
  Meters meters_{kMemoryBytes, [this] { return rules_; }, &registry_};
  runtime::TimePoint now_{std::chrono::hours(1)};
  Charged charged_;
};

TEST_F(MetersTest, EachRuleThatHoldsMustHaveRoomOrNoneIsAskedForIt) {
  Set({Of("all", "", 10), Of("ann", "ann", 4)});
  EXPECT_EQ(Count("ann"), 5);
  const auto refusal = Ask("ann");
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status, base::Status(base::Code::kResourceExhausted,
                                          "etcdserver: admission rule ann: too much of requests"));
  EXPECT_EQ(refusal->wait, milliseconds(250));
  EXPECT_EQ(Count("bob"), 6) << "what was refused to ann did not count";
  now_ += seconds(1);
  EXPECT_EQ(Count("ann"), 4);
}

TEST_F(MetersTest, BytesOfAnswersAreADebt) {
  admissionpb::Rule rule = Of("all", "", 0);
  rule.set_bytes_per_second(100);
  Set({rule});
  EXPECT_FALSE(Ask("", 10).has_value());
  ASSERT_EQ(charged_.size(), 1u);
  charged_.front()->TakeAnswer(390, now_);
  const auto refusal = Ask("", 10);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->wait, seconds(3));
  EXPECT_EQ(refusal->status.message(), "etcdserver: admission rule all: too much of bytes");
  now_ += seconds(3);
  EXPECT_FALSE(Ask("", 10).has_value());
  EXPECT_TRUE(Shows("cornerstore_admission_bytes_total{rule=\"all\"} 410"));
}

TEST_F(MetersTest, WhoHoldsHisShareOfMemoryWaits) {
  admissionpb::Rule rule = Of("ann", "ann", 0);
  rule.set_memory_percent(10);
  Set({rule});
  ASSERT_FALSE(Ask("ann").has_value());
  const std::shared_ptr<http::SharedBudget> memory = charged_.front()->memory();
  EXPECT_EQ(memory->max(), kMemoryBytes / 10);
  memory->Take(100);
  EXPECT_FALSE(Ask("bob").has_value());
  const auto refusal = Ask("ann");
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status.message(), "etcdserver: admission rule ann: too much of memory");
  EXPECT_EQ(refusal->wait, Meter::kMemoryWait);
  EXPECT_TRUE(Shows("cornerstore_admission_memory_bytes{rule=\"ann\"} 100"));
  charged_.clear();
  Set({});
  EXPECT_FALSE(Ask("ann").has_value());
  EXPECT_GT(memory->room(), kMemoryBytes) << "what counts to a rule that is gone has no bound";
}

TEST_F(MetersTest, ARuleThatStaysKeepsWhatItHasCounted) {
  Set({Of("a", "", 1)});
  EXPECT_EQ(Count(""), 2);
  Set({Of("a", "", 1), Of("b", "", 1'000'000)});
  EXPECT_EQ(Count(""), 0);
  EXPECT_TRUE(Shows("cornerstore_admission_requests_total{rule=\"a\"} 2"));
  EXPECT_TRUE(Shows("cornerstore_admission_requests_total{rule=\"b\"} 0"));
  EXPECT_TRUE(Shows("cornerstore_admission_refused_total{limit=\"requests\",rule=\"a\"} 2"));
  Set({Of("a", "", 5)});
  EXPECT_EQ(Count(""), 6) << "another limit is another rule";
  Set({});
  EXPECT_FALSE(Shows("cornerstore_admission_requests_total{rule=\"a\"} 6"));
  EXPECT_FALSE(meters_.has_meters());
}

}  // namespace
}  // namespace admission
