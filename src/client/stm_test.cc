#include <etcd/stm.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/testing/concurrency_fixture.h"

namespace etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StmTest : public client::testing::ConcurrencyFixture {
 protected:
  Result<TxnResponse> Run(const std::function<Status(Stm&)>& function,
                          Isolation isolation = Isolation::kSerializableSnapshot,
                          const CallOptions& call = {}) {
    return RunStm(client_.get(), function, {.isolation = isolation}, call);
  }
  // Before the n-th transaction of this run.
  void BeforeTxn(int n, std::function<void()> action) {
    OnMember([&] {
      kv_.txns = 0;
      kv_.before_txn = [this, n, action = std::move(action)] {
        if (kv_.txns == n) action();
      };
    });
  }
  void PutOne(const std::string& key, const std::string& value) {
    OnMember([&] { kv_.PutOne(key, value); });
  }
  std::string ValueOf(const std::string& key) { return client_->Get({.key = key})->kvs[0].value; }
  int Ranges() {
    int ranges = 0;
    OnMember([&] { ranges = kv_.ranges; });
    return ranges;
  }
};

constexpr Isolation kAll[] = {Isolation::kSerializableSnapshot, Isolation::kSerializable,
                              Isolation::kRepeatableReads, Isolation::kReadCommitted};

TEST_F(StmTest, WhatIsPutIsReadInTheRunAndWrittenAtItsEnd) {
  for (const Isolation isolation : kAll) {
    OnMember([&] {
      for (const std::string key : {"new", "old"}) kv_.DeleteOne(key);
      kv_.PutOne("old", "here");
      kv_.PutOne("gone", "here");
    });
    const auto done = Run(
        [&](Stm& stm) {
          EXPECT_EQ(*stm.Get("new"), "");
          EXPECT_EQ(*stm.Rev("new"), 0);
          EXPECT_EQ(*stm.Get("old"), "here");
          const int64_t revision = *stm.Rev("old");
          EXPECT_GT(revision, 0);
          stm.Put("new", "put", 5);
          stm.Put("old", "first");
          stm.Put("old", "last");
          stm.Del("gone");
          EXPECT_EQ(*stm.Get("new"), "put");
          EXPECT_EQ(*stm.Get("old"), "last");
          EXPECT_EQ(*stm.Get("gone"), "");
          EXPECT_EQ(*stm.Rev("old"), revision);
          OnMember([&] { EXPECT_FALSE(kv_.pairs().contains("new")); });
          return Status();
        },
        isolation);
    ASSERT_TRUE(done.ok());
    EXPECT_TRUE(done->succeeded);
    EXPECT_THAT(Keys(), ElementsAre("new", "old"));
    EXPECT_EQ(ValueOf("old"), "last");
    OnMember([&] {
      EXPECT_EQ(kv_.pairs().at("new").lease(), 5);
      EXPECT_EQ(kv_.pairs().at("new").mod_revision(), done->header.revision);
      EXPECT_EQ(kv_.pairs().at("old").mod_revision(), done->header.revision);
    });
  }
}

TEST_F(StmTest, WhoComesBetweenHasItBeginAnew) {
  for (const Isolation isolation : kAll) {
    PutOne("count", "1");
    BeforeTxn(1, [this] { kv_.PutOne("count", "5"); });
    int runs = 0;
    const auto done = Run(
        [&](Stm& stm) {
          ++runs;
          stm.Put("count", std::to_string(std::stoi(*stm.Get("count")) + 1));
          return Status();
        },
        isolation);
    ASSERT_TRUE(done.ok());
    const bool is_checked = isolation != Isolation::kReadCommitted;
    EXPECT_EQ(runs, is_checked ? 2 : 1);
    EXPECT_EQ(ValueOf("count"), is_checked ? "6" : "2");
  }
}

// What it wrote without having read it: the strictest alone looks at that.
TEST_F(StmTest, WhoComesBetweenToWhatItWritesCountsForSnapshotsAlone) {
  for (const Isolation isolation : kAll) {
    PutOne("read", "");
    BeforeTxn(1, [this] { kv_.PutOne("written", "between"); });
    int runs = 0;
    const auto done = Run(
        [&](Stm& stm) {
          ++runs;
          (void)*stm.Get("read");
          stm.Put("written", "by it");
          return Status();
        },
        isolation);
    ASSERT_TRUE(done.ok());
    EXPECT_EQ(runs, isolation == Isolation::kSerializableSnapshot ? 2 : 1);
    EXPECT_EQ(ValueOf("written"), "by it");
  }
}

TEST_F(StmTest, ReadsAreOfOneRevisionOrOfWhatThereIs) {
  for (const Isolation isolation : kAll) {
    OnMember([&] {
      kv_.PutOne("a", "1");
      kv_.PutOne("b", "1");
    });
    std::vector<std::string> seen;
    const auto done = Run(
        [&](Stm& stm) {
          seen.push_back(*stm.Get("a"));
          if (seen.size() == 1) {
            OnMember([&] {
              kv_.PutOne("a", "2");
              kv_.PutOne("b", "2");
            });
          }
          seen.push_back(*stm.Get("a"));
          seen.push_back(*stm.Get("b"));
          return Status();
        },
        isolation);
    ASSERT_TRUE(done.ok());
    if (isolation == Isolation::kReadCommitted) {
      EXPECT_THAT(seen, ElementsAre("1", "1", "2"));
    } else if (isolation == Isolation::kRepeatableReads) {
      EXPECT_THAT(seen, ElementsAre("1", "1", "2", "2", "2", "2"));
    } else {
      EXPECT_THAT(seen, ElementsAre("1", "1", "1", "2", "2", "2"));
    }
  }
}

TEST_F(StmTest, TheNextRunHasWhatTheTransactionHasReadAndReadsTheRestAtItsRevision) {
  PutOne("a", "1");
  BeforeTxn(1, [this] { kv_.PutOne("a", "2"); });
  const int before = Ranges();
  std::string other;
  int runs = 0;
  ASSERT_TRUE(Run([&](Stm& stm) {
                if (++runs == 2) {
                  PutOne("b", "later");
                  other = *stm.Get("b");
                }
                EXPECT_EQ(*stm.Get("a"), std::to_string(std::min(runs, 2)));
                return Status();
              }).ok());
  // The second run had read the past of b, so there was a third.
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(other, "");
  EXPECT_EQ(Ranges() - before, 2);
}

TEST_F(StmTest, APastThatIsCompactedHasItBeginAnew) {
  int runs = 0;
  ASSERT_TRUE(Run([&](Stm& stm) {
                (void)*stm.Get("a");
                if (++runs == 1) {
                  OnMember([&] {
                    kv_.PutOne("b", "here");
                    kv_.ForgetPast();
                  });
                }
                const auto read = stm.Get("b");
                if (runs == 1) {
                  EXPECT_EQ(read.status().code(), Code::kOutOfRange);
                  EXPECT_FALSE(stm.Get("a").ok());
                } else {
                  EXPECT_EQ(*read, "here");
                }
                stm.Put("written", "here");
                return Status();
              }).ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(ValueOf("written"), "here");
}

TEST_F(StmTest, AStatusOfTheFunctionEndsItAndNothingIsWritten) {
  const Status refused(Code::kFailedPrecondition, "not enough");
  const auto done = Run([&](Stm& stm) {
    stm.Put("a", "1");
    return refused;
  });
  EXPECT_EQ(done.status(), refused);
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(StmTest, AnExceptionOfTheFunctionLeavesAsItIsAndNothingIsWritten) {
  const auto throws = [](Stm& stm) {
    stm.Put("a", "1");
    stm.Put("a", std::to_string(std::stoi(*stm.Get("b"))));
    return Status();
  };
  EXPECT_THROW((void)Run(throws), std::invalid_argument);
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(StmTest, AReadThatFailsIsTheEndWhateverTheFunctionReturns) {
  Cancellation cancellation;
  cancellation.Cancel();
  const auto done = Run(
      [&](Stm& stm) {
        EXPECT_FALSE(stm.Get("a").ok());
        EXPECT_FALSE(stm.Rev("b").ok());
        stm.Put("a", "1");
        return Status();
      },
      Isolation::kSerializableSnapshot, {.cancellation = cancellation});
  EXPECT_EQ(done.status(), Status(Code::kCanceled, "context canceled"));
  EXPECT_THAT(Keys(), IsEmpty());
}

// Somebody always comes between.
TEST_F(StmTest, ItBeginsAnewUntilItsTimeIsOverOrItIsCanceled) {
  OnMember([&] { kv_.before_txn = [this] { kv_.PutOne("a", "again"); }; });
  const auto function = [](Stm& stm) {
    const auto read = stm.Get("a");
    if (read.ok()) stm.Put("b", *read);
    return read.status();
  };
  EXPECT_EQ(Run(function, Isolation::kSerializable, {.timeout = std::chrono::milliseconds(100)})
                .status()
                .code(),
            Code::kDeadlineExceeded);
  Cancellation cancellation;
  BeforeTxn(3, [&] { cancellation.Cancel(); });
  EXPECT_EQ(Run(
                [&](Stm& stm) {
                  const Status read = function(stm);
                  PutOne("a", "again");
                  return read;
                },
                Isolation::kSerializable, {.cancellation = cancellation})
                .status()
                .code(),
            Code::kCanceled);
}

TEST_F(StmTest, ATransactionOfWhichNobodyKnowsIsNotSentAgain) {
  OnMember([&] { kv_.txn_answer = base::errors::kTimeout; });
  const auto done = Run([](Stm& stm) {
    stm.Put("a", *stm.Get("a") + "I");
    return Status();
  });
  EXPECT_EQ(done.status().code(), Code::kUnavailable);
  OnMember([&] { EXPECT_EQ(kv_.txns, 1); });
}

TEST_F(StmTest, TransfersAtTheSameTimeKeepTheSum) {
  for (const char* const account : {"a", "b", "c"}) PutOne(account, "100");
  std::vector<std::future<Status>> ended;
  for (int i = 0; i < 3; ++i) {
    const std::string from(1, static_cast<char>('a' + i));
    const std::string to(1, static_cast<char>('a' + (i + 1) % 3));
    ended.push_back(Aside([this, from, to] {
      for (int n = 0; n < 20; ++n) {
        const auto done = Run(
            [&](Stm& stm) {
              stm.Put(from, std::to_string(std::stoi(*stm.Get(from)) - 1));
              stm.Put(to, std::to_string(std::stoi(*stm.Get(to)) + 1));
              return Status();
            },
            Isolation::kSerializableSnapshot, {.timeout = kNoTimeout});
        if (!done.ok()) return done.status();
      }
      return Status();
    }));
  }
  for (std::future<Status>& each : ended) EXPECT_TRUE(each.get().ok());
  for (const char* const account : {"a", "b", "c"}) EXPECT_EQ(ValueOf(account), "100");
}

}  // namespace
}  // namespace etcd
