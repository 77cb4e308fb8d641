#include "api/identity/passwords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/errors.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"

namespace identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr milliseconds kWork{50};

// Counts what is given to workers.
class CountingWorkers final : public runtime::Workers {
 public:
  explicit CountingWorkers(runtime::Workers* workers) : workers_(*workers) {}
  bool Run(base::Callback<void()> work, runtime::Loop* reply_to,
           base::Callback<void()> done) override {
    if (!workers_.Run(std::move(work), reply_to, std::move(done))) return false;
    ++runs;
    return true;
  }
  int runs = 0;

 private:
  runtime::Workers& workers_;
};

class PasswordsTest : public ::testing::Test {
 protected:
  PasswordsTest() { Open({.bcrypt_cost = auth::kBcryptCostMin}); }

  void Open(Passwords::Options options) {
    passwords_.reset();
    options.bcrypt_cost = auth::kBcryptCostMin;
    passwords_.emplace(std::move(options), home_.get(),
                       PasswordRunner::Lanes{&counting_, &counting_});
  }
  std::string HashOf(const std::string& password) {
    std::optional<base::Result<std::string>> hash;
    passwords_->Hash(password, loop_.get(), [&](auto made) { hash = std::move(made); });
    EXPECT_FALSE(hash.has_value());
    scheduler_.RunFor(seconds(1));
    return hash.value().value();
  }
  // What becomes of an attempt, and when: "right at 50 ms".
  struct Outcome {
    std::string what = "nothing";
    int64_t after_ms = -1;
  };
  std::shared_ptr<Outcome> Check(const std::string& password, const std::string& user = "alice",
                                 const std::string& address = "10.0.0.1") {
    auto outcome = std::make_shared<Outcome>();
    const runtime::TimePoint begin = scheduler_.clock().Now();
    passwords_->Check(
        {user, hash_, password, address, gone_}, loop_.get(),
        [this, outcome, begin](base::Result<bool> is_right) {
          EXPECT_TRUE(loop_->IsCurrent());
          outcome->what = !is_right.ok() ? std::string(is_right.status().message())
                          : *is_right    ? "right"
                                         : "wrong";
          outcome->after_ms =
              std::chrono::duration_cast<milliseconds>(scheduler_.clock().Now() - begin).count();
        });
    EXPECT_EQ(outcome->what, "nothing");
    return outcome;
  }
  // An attempt by itself.
  Outcome Checked(const std::string& password, const std::string& user = "alice",
                  const std::string& address = "10.0.0.1") {
    const auto outcome = Check(password, user, address);
    scheduler_.RunFor(seconds(5));
    return *outcome;
  }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  const std::unique_ptr<runtime::Loop> home_ = scheduler_.NewLoop("home");
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("net");
  runtime::simulated::Workers workers_{&scheduler_, {.latency_min = kWork, .latency_max = kWork}};
  CountingWorkers counting_{&workers_};
  std::optional<Passwords> passwords_;
  std::shared_ptr<std::atomic<bool>> gone_;  // of attempts from now on
  // Of "secret".
  const std::string hash_ =
      auth::HashPassword("secret", auth::kBcryptCostMin, "sixteen of bytes").value();
};

TEST_F(PasswordsTest, AHashIsOfItsPasswordAndHasASaltOfItsOwn) {
  const std::string first = HashOf("secret");
  const std::string second = HashOf("secret");
  EXPECT_NE(first, second);
  EXPECT_TRUE(first.starts_with("$2a$04$"));
  EXPECT_TRUE(auth::IsPasswordOf(first, "secret"));
  EXPECT_FALSE(auth::IsPasswordOf(first, "Secret"));
}

TEST_F(PasswordsTest, APasswordThatIsTooLongIsNotHashed) {
  std::optional<base::Status> status;
  passwords_->Hash(std::string(73, 'p'), loop_.get(),
                   [&](const auto& hash) { status = hash.status(); });
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(status, base::Status(base::Code::kUnknown, "bcrypt: password length exceeds 72 bytes"));
}

TEST_F(PasswordsTest, TheRightPasswordIsRightAtOnceAndRemembered) {
  EXPECT_EQ(Checked("secret").after_ms, 50);
  EXPECT_EQ(counting_.runs, 1);
  const Outcome again = Checked("secret", "alice", "10.0.0.2");
  EXPECT_EQ(again.what, "right");
  EXPECT_EQ(again.after_ms, 0);
  EXPECT_EQ(counting_.runs, 1);
  // Of another user with the same hash it is not known.
  EXPECT_EQ(Checked("secret", "bob").after_ms, 50);
}

TEST_F(PasswordsTest, WhatIsRememberedCountsUntilThePasswordChanges) {
  EXPECT_EQ(Checked("secret").what, "right");
  std::optional<bool> is_right;
  passwords_->Check({"alice", HashOf("other"), "secret", "10.0.0.1"}, loop_.get(),
                    [&](base::Result<bool> right) { is_right = *right; });
  scheduler_.RunFor(seconds(5));
  EXPECT_EQ(is_right, false);
}

TEST_F(PasswordsTest, ChecksThatComeAtOnceAreOne) {
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 100; ++i) {
    outcomes.push_back(Check("secret", "alice", "10.0.0." + std::to_string(i % 10)));
    outcomes.push_back(Check("wrong", "alice", "10.0.1." + std::to_string(i % 10)));
  }
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(counting_.runs, 2);
  for (size_t i = 0; i < outcomes.size(); i += 2) {
    EXPECT_EQ(outcomes[i]->what, "right");
    EXPECT_EQ(outcomes[i]->after_ms, 50);
    EXPECT_EQ(outcomes[i + 1]->what, "wrong");
    EXPECT_EQ(outcomes[i + 1]->after_ms, 150);
  }
}

TEST_F(PasswordsTest, FailuresAreAnsweredLaterAndLater) {
  std::vector<int64_t> delays;
  for (int i = 0; i < 8; ++i) {
    const Outcome outcome = Checked("wrong " + std::to_string(i));
    EXPECT_EQ(outcome.what, "wrong");
    delays.push_back(outcome.after_ms);
  }
  EXPECT_THAT(delays, ElementsAre(150, 250, 450, 850, 1050, 1050, 1050, 1050));
}

TEST_F(PasswordsTest, GuessesAtOnceAreCheckedOneAfterAnotherAndSlowedAsOnesThatAreNot) {
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 5; ++i) outcomes.push_back(Check("wrong " + std::to_string(i)));
  outcomes.push_back(Check("secret"));
  scheduler_.RunFor(seconds(10));
  std::vector<int64_t> after;
  for (const auto& outcome : outcomes) after.push_back(outcome->after_ms);
  EXPECT_THAT(after, ElementsAre(50 + 100, 100 + 200, 150 + 400, 200 + 800, 250 + 1000, 300));
  EXPECT_EQ(outcomes.back()->what, "right");
}

TEST_F(PasswordsTest, ARememberedPasswordWaitsForNothing) {
  EXPECT_EQ(Checked("secret").what, "right");
  std::vector<std::shared_ptr<Outcome>> wrong;
  for (int i = 0; i < 1000; ++i) wrong.push_back(Check("wrong " + std::to_string(i)));
  const auto right = Check("secret");
  scheduler_.RunFor(milliseconds(160));
  EXPECT_EQ(wrong.front()->after_ms, 150);
  EXPECT_EQ(right->what, "right");
  EXPECT_EQ(right->after_ms, 0);
}

TEST_F(PasswordsTest, TheSameWrongPasswordIsNotCheckedAgainBeforeItIsTold) {
  for (int i = 0; i < 4; ++i) Checked("wrong " + std::to_string(i));
  const int runs = counting_.runs;
  const auto first = Check("wrong");
  scheduler_.RunFor(milliseconds(500));
  const auto second = Check("wrong");
  scheduler_.RunFor(seconds(5));
  EXPECT_EQ(first->after_ms, 1050);
  EXPECT_EQ(second->after_ms, 550);
  EXPECT_EQ(second->what, "wrong");
  EXPECT_EQ(counting_.runs, runs + 1);
}

TEST_F(PasswordsTest, WhereMuchWaitsFailuresAreToldEarlier) {
  Open({.waiting_bytes_max = 1 << 19});
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 400; ++i) {
    outcomes.push_back(Check("wrong " + std::to_string(i)));
    scheduler_.RunFor(kWork);
  }
  const auto right = Check("secret");
  scheduler_.RunFor(seconds(5));
  EXPECT_EQ(right->what, "right");
  EXPECT_LE(right->after_ms, 100);
  EXPECT_LT(outcomes.back()->after_ms, 1050 + 50);
  EXPECT_LT(outcomes[300]->after_ms, 1000);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome->what, "wrong");
}

TEST_F(PasswordsTest, NobodyElseIsSlowed) {
  for (int i = 0; i < 20; ++i) Check("wrong " + std::to_string(i));
  scheduler_.RunFor(seconds(10));
  const auto elsewhere = Check("secret", "alice", "10.0.0.2");
  const auto other = Check("secret", "bob", "10.0.0.1");
  scheduler_.RunFor(milliseconds(60));
  EXPECT_EQ(elsewhere->what, "right");
  EXPECT_EQ(other->what, "right");
}

TEST_F(PasswordsTest, FailuresAreForgottenAfterAMinute) {
  for (int i = 0; i < 5; ++i) Checked("wrong " + std::to_string(i));
  scheduler_.RunFor(seconds(50));
  EXPECT_EQ(Checked("wrong").after_ms, 1050);
  scheduler_.RunFor(seconds(60));
  EXPECT_EQ(Checked("wrong").after_ms, 150);
}

TEST_F(PasswordsTest, FailuresOfManyAreBounded) {
  Open({.failures_max = 10});
  EXPECT_EQ(Checked("wrong 1").after_ms, 150);
  for (int i = 0; i < 9; ++i) Check("wrong", "user " + std::to_string(i));
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(Checked("wrong 2").after_ms, 250);
  for (int i = 0; i < 10; ++i) Check("wrong", "other " + std::to_string(i));
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(Checked("wrong 3").after_ms, 150);
}

TEST_F(PasswordsTest, OneUserFromOneAddressHasAShareOfWhatWaits) {
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 1000; ++i) outcomes.push_back(Check("wrong " + std::to_string(i)));
  const auto elsewhere = Check("secret", "alice", "10.0.0.2");
  scheduler_.RunFor(milliseconds(60));
  EXPECT_EQ(elsewhere->what, "right");
  int refused = 0;
  for (const auto& outcome : outcomes) {
    if (outcome->what == base::errors::kTooManyRequests.text) ++refused;
  }
  EXPECT_GT(refused, 800);
  EXPECT_LT(refused, 950);
}

TEST_F(PasswordsTest, WhoHasLeftTakesNobodysPlaceAndIsNotChecked) {
  gone_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 110; ++i) outcomes.push_back(Check("wrong " + std::to_string(i)));
  scheduler_.RunFor(milliseconds(10));
  *gone_ = true;
  gone_ = nullptr;
  const int runs = counting_.runs;
  const auto right = Check("secret");
  scheduler_.RunFor(milliseconds(150));
  EXPECT_EQ(right->what, "right");
  EXPECT_EQ(counting_.runs, runs + 1);
  EXPECT_EQ(outcomes.back()->what, "nothing");
}

TEST_F(PasswordsTest, WhoHasLeftDelaysNobodyHoweverManyTheyClaimedToBe) {
  gone_ = std::make_shared<std::atomic<bool>>(false);
  for (int i = 0; i < 1000; ++i) (void)Check("wrong", "user " + std::to_string(i));
  scheduler_.RunFor(milliseconds(10));
  *gone_ = true;
  gone_ = nullptr;
  const int runs = counting_.runs;
  const auto right = Check("secret");
  scheduler_.RunFor(milliseconds(110));
  EXPECT_EQ(right->what, "right");
  scheduler_.RunFor(seconds(60));
  EXPECT_EQ(counting_.runs, runs + 1);
}

TEST_F(PasswordsTest, AHashThatIsToBeKeptIsMadeBeforeGuessesAreChecked) {
  for (int i = 0; i < 1000; ++i) (void)Check("wrong", "user " + std::to_string(i));
  scheduler_.RunFor(milliseconds(10));
  std::optional<base::Status> hashed;
  passwords_->Hash("secret", loop_.get(), [&](const auto& hash) { hashed = hash.status(); });
  scheduler_.RunFor(milliseconds(110));
  EXPECT_EQ(hashed, base::Status());
}

TEST_F(PasswordsTest, OneAttemptOfAnySizeIsHeard) {
  EXPECT_EQ(Checked(std::string(1 << 20, 'p')).what, "wrong");
}

TEST_F(PasswordsTest, WhatWaitsIsBoundedInBytes) {
  Open({.waiting_bytes_max = 64 << 10});
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 200; ++i) outcomes.push_back(Check("secret", "user " + std::to_string(i)));
  std::optional<base::Status> hashed;
  passwords_->Hash("secret", loop_.get(), [&](const auto& hash) { hashed = hash.status(); });
  scheduler_.RunFor(seconds(10));
  int right = 0;
  for (const auto& outcome : outcomes) {
    if (outcome->what == "right") {
      ++right;
    } else {
      EXPECT_EQ(outcome->what, base::errors::kTooManyRequests.text);
      EXPECT_EQ(outcome->after_ms, 0);
    }
  }
  EXPECT_GT(right, 50);
  EXPECT_LT(right, 128);
  EXPECT_EQ(hashed, base::Status(base::errors::kTooManyRequests));
  // What was answered has given its bytes back.
  EXPECT_EQ(Checked("secret", "user 199").what, "right");
}

TEST_F(PasswordsTest, AFewRunAtATime) {
  Open({.running_max = 2});
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 6; ++i) outcomes.push_back(Check("secret", "user " + std::to_string(i)));
  scheduler_.RunFor(seconds(1));
  std::vector<int64_t> after;
  for (const auto& outcome : outcomes) after.push_back(outcome->after_ms);
  EXPECT_THAT(after, ElementsAre(50, 50, 100, 100, 150, 150));
}

TEST_F(PasswordsTest, WorkersWithoutRoomRefuse) {
  runtime::simulated::Workers full(&scheduler_, {.queue_capacity = 0});
  passwords_.emplace(Passwords::Options{.bcrypt_cost = auth::kBcryptCostMin}, home_.get(),
                     PasswordRunner::Lanes{&full, &full});
  EXPECT_EQ(Checked("secret").what, base::errors::kTooManyRequests.text);
  std::optional<base::Status> hashed;
  passwords_->Hash("secret", loop_.get(), [&](const auto& hash) { hashed = hash.status(); });
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(hashed, base::Status(base::errors::kTooManyRequests));
}

TEST_F(PasswordsTest, WorkersWithLittleRoomServeAllInTheEnd) {
  runtime::simulated::Workers narrow(
      &scheduler_, {.latency_min = kWork, .latency_max = kWork, .queue_capacity = 1});
  passwords_.emplace(Passwords::Options{.bcrypt_cost = auth::kBcryptCostMin}, home_.get(),
                     PasswordRunner::Lanes{&narrow, &narrow});
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 6; ++i) outcomes.push_back(Check("secret", "user " + std::to_string(i)));
  scheduler_.RunFor(seconds(1));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome->what, "right");
}

TEST_F(PasswordsTest, MayBeDestroyedWithWorkUnderWay) {
  const auto running = Check("secret");
  const auto late = Check("wrong", "bob");
  for (const milliseconds time : {milliseconds(0), milliseconds(10), milliseconds(60)}) {
    scheduler_.RunFor(time);
  }
  const auto next = Check("secret", "carol");
  scheduler_.RunFor(milliseconds(10));
  passwords_.reset();
  scheduler_.RunFor(seconds(10));
  EXPECT_EQ(running->what, "right");
  EXPECT_EQ(late->what, "nothing");
  EXPECT_EQ(next->what, "nothing");
}

TEST_F(PasswordsTest, ACostOutOfRangeIsTheDefaultWithAWarning) {
  EXPECT_EQ(UsableBcryptCost(4, logger_), 4);
  EXPECT_EQ(UsableBcryptCost(31, logger_), 31);
  EXPECT_THAT(sink_.lines(), IsEmpty());
  EXPECT_EQ(UsableBcryptCost(3, logger_), 10);
  EXPECT_EQ(UsableBcryptCost(32, logger_), 10);
  EXPECT_THAT(
      sink_.lines(),
      ElementsAre(HasSubstr(R"("msg":"use default bcrypt cost instead of the invalid given )"
                            R"(cost","min-cost":4,"max-cost":31,"default-cost":10,)"
                            R"("given-cost":3)"),
                  HasSubstr(R"("given-cost":32)")));
}

}  // namespace
}  // namespace identity
