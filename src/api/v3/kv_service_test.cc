#include "api/v3/kv_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using etcdserverpb::AlarmRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AlarmOf;
using testing::CompactTo;
using testing::Delete;
using testing::Get;
using testing::GetAll;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Put;
using testing::Serializable;
using testing::ServedMember;

class KvServiceTest : public ::testing::Test {
 protected:
  void Start() { member_.StartAndWait(); }
  void PutMany(int count, const std::string& value) {
    std::vector<std::shared_ptr<testing::Answer<etcdserverpb::PutResponse>>> puts;
    for (int i = 0; i < count; ++i) {
      puts.push_back(
          member_.Begin(testing::kPut, Put("key" + std::to_string(1'000'000 + i), value)));
    }
    for (const auto& put : puts) ASSERT_TRUE(member_.Finish(put).ok());
  }
  // The same with a thousand of them at a time, which `max_txn_ops` has to allow.
  void PutInTransactions(int count) {
    for (int i = 0; i < count; i += 1000) {
      etcdserverpb::TxnRequest txn;
      for (int j = i; j < i + 1000; ++j) {
        *txn.add_success()->mutable_request_put() = Put("key" + std::to_string(1'000'000 + j), "v");
      }
      ASSERT_TRUE(member_.Call(testing::kTxn, txn).ok());
    }
  }
  // The member may hold no more than that for its clients.
  std::shared_ptr<http::SharedBudget> LimitMemory(size_t bytes) {
    auto memory = std::make_shared<http::SharedBudget>(bytes);
    member_.http_options().member_budget = memory;
    return memory;
  }
  std::string LogLine(const std::string& part) {
    for (const std::string& line : member_.member().LogLines()) {
      if (line.find(part) != std::string::npos) return line;
    }
    return "";
  }

  ServedMember member_;
};

// Calls that ended with an error have its code and text.
template <typename Answer>
void ExpectRefused(const Answer& answer, const base::Status& status) {
  EXPECT_EQ(answer.status.code(), status.code());
  EXPECT_EQ(answer.status.message(), status.message());
  EXPECT_TRUE(answer.responses.empty());
}

TEST_F(KvServiceTest, EveryAnswerSaysOfWhomItIsAndOfWhen) {
  Start();
  const server::Server& server = member_.server();
  const auto expect_header = [&](const etcdserverpb::ResponseHeader& header, int64_t revision) {
    EXPECT_EQ(header.cluster_id(), server.cluster().value());
    EXPECT_EQ(header.member_id(), server.id().value());
    EXPECT_EQ(header.revision(), revision);
    EXPECT_EQ(header.raft_term(), server.progress().term);
    EXPECT_GT(header.raft_term(), 0u);
  };
  expect_header(member_.Call(testing::kPut, Put("a", "1")).response().header(), 2);
  expect_header(member_.Call(testing::kRange, Get("a")).response().header(), 2);
  expect_header(
      member_.Call(testing::kRangeStream, Get("a")).responses.at(0).range_response().header(), 2);
  expect_header(member_.Call(testing::kDeleteRange, Delete("a")).response().header(), 3);
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_put() = Put("a", "2");
  expect_header(member_.Call(testing::kTxn, txn).response().header(), 4);
  expect_header(member_.Call(testing::kTxn, etcdserverpb::TxnRequest()).response().header(), 4);
  expect_header(member_.Call(testing::kCompact, CompactTo(3)).response().header(), 4);
}

TEST_F(KvServiceTest, WhatWasPutIsRead) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "2")).ok());
  const auto answer = member_.Call(testing::kRange, Get("a"));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer.response().kvs_size(), 1);
  const auto& pair = answer.response().kvs(0);
  EXPECT_EQ(pair.key(), "a");
  EXPECT_EQ(pair.value(), "2");
  EXPECT_EQ(pair.create_revision(), 2);
  EXPECT_EQ(pair.mod_revision(), 3);
  EXPECT_EQ(pair.version(), 2);
  EXPECT_EQ(answer.response().count(), 1);
  EXPECT_FALSE(answer.response().more());
}

TEST_F(KvServiceTest, ThePreviousPairIsTheAnswerOfAPutThatAsksForIt) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  EXPECT_FALSE(member_.Call(testing::kPut, Put("a", "2")).response().has_prev_kv());
  etcdserverpb::PutRequest put = Put("a", "3");
  put.set_prev_kv(true);
  EXPECT_EQ(member_.Call(testing::kPut, put).response().prev_kv().value(), "2");
}

TEST_F(KvServiceTest, WhatIsWrongWithARequestIsSaidInEtcdsWords) {
  Start();
  ExpectRefused(member_.Call(testing::kPut, Put("")), base::errors::kEmptyKey);
  ExpectRefused(member_.Call(testing::kRange, Get("")), base::errors::kEmptyKey);
  ExpectRefused(member_.Call(testing::kDeleteRange, Delete("")), base::errors::kEmptyKey);
  ExpectRefused(member_.Call(testing::kRangeStream, Get("")), base::errors::kEmptyKey);
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_put() = Put("a");
  *txn.add_success()->mutable_request_put() = Put("a");
  ExpectRefused(member_.Call(testing::kTxn, txn), base::errors::kDuplicateKey);
  etcdserverpb::PutRequest ignoring = Put("none");
  ignoring.set_ignore_value(true);
  ExpectRefused(member_.Call(testing::kPut, ignoring), base::errors::kKeyNotFound);
}

TEST_F(KvServiceTest, BytesThatAreNoRequestAreRefusedByEveryMethod) {
  Start();
  const auto expected = [](const std::string& what) {
    return base::Status(base::Code::kInternal,
                        "grpc: " + what + ": proto: cannot parse invalid wire-format data");
  };
  const base::Status unary = expected("error unmarshalling request");
  const base::Status streaming = expected("failed to unmarshal the received message");
  const std::string bytes(
      "\x0a\x05"
      "ab",
      4);
  ExpectRefused(member_.CallRaw(testing::kRange, bytes), unary);
  ExpectRefused(member_.CallRaw(testing::kRangeStream, bytes), streaming);
  ExpectRefused(member_.CallRaw(testing::kPut, bytes), unary);
  ExpectRefused(member_.CallRaw(testing::kDeleteRange, bytes), unary);
  ExpectRefused(member_.CallRaw(testing::kTxn, bytes), unary);
  ExpectRefused(member_.CallRaw(testing::kCompact, bytes), unary);
}

TEST_F(KvServiceTest, ATransactionHasAsManyOperationsAsTheMembersOptionsAllow) {
  member_.options().max_txn_ops = 2;
  Start();
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_put() = Put("a");
  *txn.add_success()->mutable_request_put() = Put("b");
  EXPECT_TRUE(member_.Call(testing::kTxn, txn).ok());
  *txn.add_success()->mutable_request_put() = Put("c");
  ExpectRefused(member_.Call(testing::kTxn, txn), base::errors::kTooManyOps);
}

TEST_F(KvServiceTest, ARequestThatIsTooLargeIsRefused) {
  member_.options().max_request_bytes = 1000;
  Start();
  EXPECT_TRUE(member_.Call(testing::kPut, Put("a", std::string(900, 'v'))).ok());
  ExpectRefused(member_.Call(testing::kPut, Put("a", std::string(1001, 'v'))),
                base::errors::kRequestTooLarge);
}

TEST_F(KvServiceTest, APastRevisionIsReadUntilItIsCompacted) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "2")).ok());
  etcdserverpb::RangeRequest past = Get("a");
  past.set_revision(2);
  const auto answer = member_.Call(testing::kRange, past);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.response().kvs(0).value(), "1");
  // The header's is the store's all the same.
  EXPECT_EQ(answer.response().header().revision(), 3);
  ASSERT_TRUE(member_.Call(testing::kCompact, CompactTo(3)).ok());
  ExpectRefused(member_.Call(testing::kRange, past), base::errors::kCompacted);
  ExpectRefused(member_.Call(testing::kRangeStream, past), base::errors::kCompacted);
  past.set_revision(4);
  ExpectRefused(member_.Call(testing::kRange, past), base::errors::kFutureRevision);
}

TEST_F(KvServiceTest, ALimitedRangeSaysThatThereIsMore) {
  Start();
  PutMany(3, "v");
  etcdserverpb::RangeRequest request = GetAll();
  request.set_limit(2);
  const auto answer = member_.Call(testing::kRange, request);
  EXPECT_EQ(answer.response().kvs_size(), 2);
  EXPECT_EQ(answer.response().count(), 3);
  EXPECT_TRUE(answer.response().more());
}

TEST_F(KvServiceTest, ALargeAnswerIsTheSameInPieces) {
  Start();
  PutMany(300, std::string(4000, 'v'));
  const auto answer = member_.Call(testing::kRange, GetAll());
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer.response().kvs_size(), 300);
  EXPECT_EQ(answer.response().count(), 300);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(answer.response().kvs(i).key(), "key" + std::to_string(1'000'000 + i));
    EXPECT_EQ(answer.response().kvs(i).value().size(), 4000u);
  }
  EXPECT_EQ(answer.response().header().member_id(), member_.server().id().value());
  EXPECT_EQ(answer.response().header().revision(), 301);
}

TEST_F(KvServiceTest, ALargeAnswerWaitsForItsReaderOutsideOfTheMember) {
  Start();
  PutMany(300, std::string(4000, 'v'));
  const auto answer = member_.Begin(testing::kRange, GetAll());
  member_.OnClient([&] { answer->call->PauseReading(); });
  // Its revision is kept for it for some seconds; what it had not taken before a compaction that
  // comes later never comes.
  member_.member().RunFor(seconds(12));
  EXPECT_FALSE(answer->finished);
  ASSERT_TRUE(member_.Call(testing::kPut, Put("key1000000", "2")).ok());
  ASSERT_TRUE(member_.Call(testing::kCompact, CompactTo(302)).ok());
  member_.OnClient([&] { answer->call->ResumeReading(); });
  EXPECT_EQ(member_.Finish(answer).status, base::errors::kCompacted);
}

TEST_F(KvServiceTest, ACurrentReadIsNeverCompactedAway) {
  Start();
  PutMany(300, std::string(4000, 'v'));
  for (int64_t revision = 302; revision < 320; ++revision) {
    const auto answer = member_.Begin(testing::kRange, GetAll());
    const auto put = member_.Begin(testing::kPut, Put("key1000000", "2"));
    const auto compact = member_.Begin(testing::kCompact, CompactTo(revision));
    ASSERT_TRUE(member_.Finish(answer).ok()) << answer->status.ToString();
    EXPECT_EQ(answer->response().kvs_size(), 300);
    ASSERT_TRUE(member_.Finish(put).ok());
    member_.Finish(compact);
  }
}

etcdserverpb::RangeRequest Sorted(etcdserverpb::RangeRequest request) {
  request.set_sort_order(etcdserverpb::RangeRequest::DESCEND);
  request.set_sort_target(etcdserverpb::RangeRequest::VALUE);
  return request;
}
etcdserverpb::TxnRequest Reading(const etcdserverpb::RangeRequest& range) {
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_range() = range;
  return txn;
}

TEST_F(KvServiceTest, WhatIsAnsweredAsAWholeCountsBeforeItIsMadeOrIsRefused) {
  const auto memory = LimitMemory(size_t{64} << 20);
  Start();
  for (int i = 0; i < 30; ++i) {
    const std::string key = "key" + std::to_string(i);
    ASSERT_TRUE(member_.Call(testing::kPut, Put(key, std::string(1'000'000, 'v'))).ok());
  }
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::RangeResponse>>> ranges;
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::TxnResponse>>> txns;
  for (int i = 0; i < 4; ++i) {
    ranges.push_back(member_.Begin(testing::kRange, Sorted(GetAll())));
    txns.push_back(member_.Begin(testing::kTxn, Reading(GetAll())));
    member_.OnClient([&] {
      ranges.back()->call->PauseReading();
      txns.back()->call->PauseReading();
    });
  }
  size_t most = 0;
  for (int i = 0; i < 100; ++i) {
    member_.member().RunFor(milliseconds(1));
    most = std::max(most, memory->used());
  }
  EXPECT_LE(most, memory->max());
  EXPECT_GT(most, size_t{30} << 20);
  int whole = 0;
  const auto take = [&](const auto& answer) {
    member_.OnClient([&] { answer->call->ResumeReading(); });
    member_.Finish(answer);
    whole += answer->status.ok();
    const base::Code code = answer->status.code();
    EXPECT_TRUE(code == base::Code::kOk || code == base::Code::kResourceExhausted);
  };
  for (const auto& range : ranges) take(range);
  for (const auto& txn : txns) take(txn);
  EXPECT_EQ(whole, 1) << "of one connection";
  EXPECT_EQ(member_.Call(testing::kRange, Sorted(GetAll())).response().kvs_size(), 30);
  const auto txn = member_.Call(testing::kTxn, Reading(GetAll()));
  ASSERT_TRUE(txn.ok()) << txn.status.ToString();
  EXPECT_EQ(txn.response().responses(0).response_range().kvs_size(), 30);
}

TEST_F(KvServiceTest, WhatAReadKeepsOfItsPairsCountsAsItGrows) {
  const auto memory = LimitMemory(size_t{16} << 20);
  member_.options().max_txn_ops = 1000;
  Start();
  PutInTransactions(20'000);
  member_.member().RunFor(seconds(1));
  const size_t quiet = memory->used();
  size_t most = 0;
  const auto answer = member_.Begin(testing::kRange, Sorted(GetAll()));
  member_.member().RunUntil([&] {
    most = std::max(most, memory->used());
    return answer->finished;
  });
  EXPECT_TRUE(answer->ok());
  EXPECT_GT(most, quiet + 20'000 * sizeof(mvcc::KeyValue));
  memory->Take(size_t{14} << 20);  // by others
  EXPECT_EQ(member_.Call(testing::kRange, Sorted(GetAll())).status, base::errors::kTooManyRequests);
  EXPECT_TRUE(member_.Call(testing::kRange, Get("key1000000")).ok());
}

TEST_F(KvServiceTest, ALongRangeInTheOrderOfItsKeysKeepsFewOfItsPairs) {
  const auto memory = LimitMemory(size_t{16} << 20);
  member_.options().max_txn_ops = 1000;
  Start();
  PutInTransactions(20'000);
  member_.member().RunFor(seconds(1));
  memory->Take(memory->max() - memory->used() - (size_t{400} << 10));  // by others
  const auto answer = member_.Call(testing::kRange, GetAll());
  ASSERT_TRUE(answer.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.response().kvs_size(), 20'000);
}

TEST_F(KvServiceTest, AReadOfManyStepsGivesAllKeysAtOneRevision) {
  Start();
  PutMany(5000, "v");
  const auto range = member_.Begin(testing::kRange, GetAll());
  const auto put = member_.Begin(testing::kPut, Put("later"));
  const auto answer = member_.Finish(range);
  ASSERT_TRUE(member_.Finish(put).ok());
  ASSERT_TRUE(answer.ok());
  const int64_t revision = answer.response().header().revision();
  EXPECT_EQ(answer.response().kvs_size(), revision - 1);
  EXPECT_EQ(answer.response().kvs_size(), answer.response().count());
}

TEST_F(KvServiceTest, ManyLongReadsAreAllAnswered) {
  Start();
  PutMany(3000, "v");
  etcdserverpb::RangeRequest request = GetAll();
  request.set_keys_only(true);
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::RangeResponse>>> answers;
  for (int i = 0; i < 60; ++i) answers.push_back(member_.Begin(testing::kRange, request));
  for (const auto& answer : answers) {
    ASSERT_TRUE(member_.Finish(answer).ok());
    EXPECT_EQ(answer->response().kvs_size(), 3000);
  }
}

TEST_F(KvServiceTest, ADeletionSaysHowManyAndWhich) {
  Start();
  PutMany(3, "v");
  etcdserverpb::DeleteRangeRequest request = Delete("key1000001");
  request.set_range_end("key1000003");
  request.set_prev_kv(true);
  const auto answer = member_.Call(testing::kDeleteRange, request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.response().deleted(), 2);
  ASSERT_EQ(answer.response().prev_kvs_size(), 2);
  EXPECT_EQ(answer.response().prev_kvs(1).key(), "key1000002");
  EXPECT_EQ(member_.Call(testing::kRange, GetAll()).response().count(), 1);
}

TEST_F(KvServiceTest, ATransactionTakesOneOfItsBranches) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  etcdserverpb::TxnRequest txn;
  auto* const compare = txn.add_compare();
  compare->set_key("a");
  compare->set_target(etcdserverpb::Compare::VALUE);
  compare->set_value("1");
  *txn.add_success()->mutable_request_put() = Put("a", "2");
  *txn.add_failure()->mutable_request_range() = Get("a");
  const auto first = member_.Call(testing::kTxn, txn);
  EXPECT_TRUE(first.response().succeeded());
  EXPECT_TRUE(first.response().responses(0).has_response_put());
  const auto second = member_.Call(testing::kTxn, txn);
  EXPECT_FALSE(second.response().succeeded());
  EXPECT_EQ(second.response().responses(0).response_range().kvs(0).value(), "2");
}

TEST_F(KvServiceTest, ATransactionThatOnlyReadsIsAnsweredWithoutTheLog) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  const uint64_t committed = member_.server().progress().committed;
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_range() = Get("a");
  *txn.add_success()->mutable_request_range() = Serializable(Get("a"));
  const auto answer = member_.Call(testing::kTxn, txn);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer.response().succeeded());
  EXPECT_EQ(answer.response().responses(1).response_range().kvs(0).value(), "1");
  EXPECT_EQ(member_.server().progress().committed, committed);
}

TEST_F(KvServiceTest, ACompactionIsRefusedBelowTheLastOneAndInTheFuture) {
  Start();
  PutMany(3, "v");
  ASSERT_TRUE(member_.Call(testing::kCompact, CompactTo(3)).ok());
  ExpectRefused(member_.Call(testing::kCompact, CompactTo(3)), base::errors::kCompacted);
  ExpectRefused(member_.Call(testing::kCompact, CompactTo(9)), base::errors::kFutureRevision);
  etcdserverpb::CompactionRequest physical = CompactTo(9);
  physical.set_physical(true);
  ExpectRefused(member_.Call(testing::kCompact, physical), base::errors::kFutureRevision);
}

TEST_F(KvServiceTest, APhysicalCompactionIsAnsweredOnceTheRecordsAreGone) {
  member_.options().compaction_sleep_interval = seconds(1);
  member_.options().compaction_batch_limit = 100;
  Start();
  for (int i = 0; i < 10; ++i) PutMany(100, "v");
  const auto start = member_.member().scheduler().clock().Now();
  ASSERT_TRUE(member_.Call(testing::kCompact, CompactTo(500)).ok());
  EXPECT_LT(member_.member().scheduler().clock().Now() - start, seconds(1));
  etcdserverpb::CompactionRequest request = CompactTo(1000);
  request.set_physical(true);
  const auto answer = member_.Call(testing::kCompact, request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.response().header().revision(), 1001);
  EXPECT_GE(member_.member().scheduler().clock().Now() - start, seconds(3));
}

TEST_F(KvServiceTest, APhysicalCompactionDoesNotWaitForTheTimeOfABatch) {
  member_.options().backend_batch_interval = seconds(60);
  Start();
  for (int i = 0; i < 3; ++i) {
    PutMany(10, "v");
    const auto start = member_.member().scheduler().clock().Now();
    etcdserverpb::CompactionRequest request = CompactTo(10 * (i + 1));
    request.set_physical(true);
    ASSERT_TRUE(member_.Call(testing::kCompact, request).ok());
    EXPECT_LT(member_.member().scheduler().clock().Now() - start, seconds(1));
  }
}

TEST_F(KvServiceTest, AStreamedRangeComesInChunksAndSortsNothing) {
  Start();
  PutMany(300, std::string(10'000, 'v'));
  const auto answer = member_.Call(testing::kRangeStream, GetAll());
  ASSERT_TRUE(answer.ok());
  EXPECT_GT(answer.responses.size(), 1u);
  int64_t keys = 0;
  for (const auto& chunk : answer.responses) keys += chunk.range_response().kvs_size();
  EXPECT_EQ(keys, 300);
  EXPECT_EQ(answer.response().range_response().count(), 300);
  etcdserverpb::RangeRequest sorted = GetAll();
  sorted.set_sort_order(etcdserverpb::RangeRequest::DESCEND);
  EXPECT_EQ(member_.Call(testing::kRangeStream, sorted).status.code(), base::Code::kUnimplemented);
}

TEST_F(KvServiceTest, AStreamedRangeStopsWhileItsClientDoesNotRead) {
  Start();
  PutMany(300, std::string(10'000, 'v'));
  const auto answer = member_.Begin(testing::kRangeStream, GetAll());
  member_.OnClient([&] { answer->call->PauseReading(); });
  member_.member().RunFor(seconds(5));
  EXPECT_FALSE(answer->finished);
  member_.OnClient([&] { answer->call->ResumeReading(); });
  ASSERT_TRUE(member_.Finish(answer).ok());
}

// Each chunk but the first few takes several steps.
TEST_F(KvServiceTest, ManyStreamedRangesAreAllAnsweredBesideOtherReads) {
  Start();
  PutMany(12'000, "v");
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::RangeStreamResponse>>> streams;
  std::vector<std::shared_ptr<testing::Answer<etcdserverpb::RangeResponse>>> ranges;
  for (int i = 0; i < 60; ++i) {
    streams.push_back(member_.Begin(testing::kRangeStream, GetAll()));
    ranges.push_back(member_.Begin(testing::kRange, GetAll()));
  }
  const auto stopped = member_.Begin(testing::kRangeStream, GetAll());
  member_.OnClient([&] { stopped->call->PauseReading(); });
  for (const auto& stream : streams) {
    ASSERT_TRUE(member_.Finish(stream).ok()) << stream->status.ToString();
    int64_t keys = 0;
    for (const auto& chunk : stream->responses) keys += chunk.range_response().kvs_size();
    EXPECT_EQ(keys, 12'000);
  }
  for (const auto& range : ranges) {
    EXPECT_EQ(member_.Finish(range).response().kvs_size(), 12'000);
  }
  member_.OnClient([&] { stopped->call->ResumeReading(); });
  EXPECT_TRUE(member_.Finish(stopped).ok());
}

// Without a leader.

TEST_F(KvServiceTest, WithoutALeaderASerializableReadIsAnsweredAlone) {
  member_.StartAlone();
  EXPECT_TRUE(member_.Call(testing::kRange, Serializable(Get("a"))).ok());
  EXPECT_TRUE(member_.Call(testing::kRangeStream, Serializable(Get("a"))).ok());
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_range() = Serializable(Get("a"));
  EXPECT_TRUE(member_.Call(testing::kTxn, txn).ok());
}

TEST_F(KvServiceTest, WithoutALeaderTheRestEndsWithATimeout) {
  member_.StartAlone();
  const auto range = member_.Begin(testing::kRange, Get("a"));
  const auto stream = member_.Begin(testing::kRangeStream, Get("a"));
  const auto put = member_.Begin(testing::kPut, Put("a"));
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_range() = Get("a");
  const auto read_only = member_.Begin(testing::kTxn, txn);
  ExpectRefused(member_.Finish(range), base::errors::kTimeout);
  ExpectRefused(member_.Finish(stream), base::errors::kTimeout);
  ExpectRefused(member_.Finish(put), base::errors::kDeadlineExceeded);
  ExpectRefused(member_.Finish(read_only), base::errors::kTimeout);
}

TEST_F(KvServiceTest, ACallIsNotWaitedForBeyondItsDeadline) {
  member_.StartAlone();
  const auto start = member_.member().scheduler().clock().Now();
  const auto answer = member_.Call(testing::kPut, Put("a"), member_.Within(milliseconds(300)));
  EXPECT_EQ(answer.status.code(), base::Code::kDeadlineExceeded);
  EXPECT_LT(member_.member().scheduler().clock().Now() - start, milliseconds(400));
}

TEST_F(KvServiceTest, ACallThatWasCanceledLeavesTheOthersAlone) {
  Start();
  PutMany(3000, "v");
  const auto canceled = member_.Begin(testing::kRange, GetAll());
  const auto other = member_.Begin(testing::kRange, GetAll());
  member_.OnClient([&] { canceled->call->Cancel(); });
  EXPECT_EQ(canceled->status.code(), base::Code::kCanceled);
  EXPECT_EQ(member_.Finish(other).response().count(), 3000);
}

TEST_F(KvServiceTest, AMemberThatEndsInTheMiddleOfACallEndsTheCall) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a")).ok());
  member_.member().SetRaftPaused(true);
  const auto range = member_.Begin(testing::kRange, Get("a"));
  const auto put = member_.Begin(testing::kPut, Put("a"));
  member_.member().RunFor(milliseconds(100));
  member_.Kill();
  EXPECT_EQ(member_.Finish(range).status.code(), base::Code::kUnavailable);
  EXPECT_EQ(member_.Finish(put).status.code(), base::Code::kUnavailable);
  Start();
  EXPECT_TRUE(member_.Call(testing::kPut, Put("a")).ok());
}

// Quota and alarms.

TEST_F(KvServiceTest, AboveTheQuotaNothingIsPutAndTheAlarmIsRaised) {
  member_.options().quota_backend_bytes = 1 << 20;
  Start();
  const std::string value(300'000, 'v');
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", value)).ok());
  ASSERT_TRUE(member_.Call(testing::kPut, Put("b", value)).ok());
  ASSERT_TRUE(member_.Call(testing::kPut, Put("c", value)).ok());
  member_.member().RunFor(seconds(1));
  ExpectRefused(member_.Call(testing::kPut, Put("d", value)), base::errors::kNoSpace);
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_put() = Put("d", value);
  ExpectRefused(member_.Call(testing::kTxn, txn), base::errors::kNoSpace);
  const auto alarms = member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::GET, etcdserverpb::NONE));
  ASSERT_EQ(alarms.response().alarms_size(), 1);
  EXPECT_EQ(alarms.response().alarms(0).alarm(), etcdserverpb::NOSPACE);
  EXPECT_EQ(alarms.response().alarms(0).memberid(), member_.server().id().value());
  // Small requests are stopped by the alarm.
  ExpectRefused(member_.Call(testing::kPut, Put("e", "")), base::errors::kNoSpace);
  EXPECT_TRUE(member_.Call(testing::kRange, Get("a")).ok());
  EXPECT_TRUE(member_.Call(testing::kDeleteRange, Delete("a")).ok());
}

TEST_F(KvServiceTest, TheAlarmIsRaisedOnceAndAgainAfterItWasDisarmed) {
  member_.options().quota_backend_bytes = 1 << 20;
  Start();
  const std::string value(1 << 20, 'v');
  const auto first = member_.Begin(testing::kPut, Put("a", value));
  const auto second = member_.Begin(testing::kPut, Put("b", value));
  ExpectRefused(member_.Finish(first), base::errors::kNoSpace);
  ExpectRefused(member_.Finish(second), base::errors::kNoSpace);
  member_.member().RunFor(seconds(1));
  const uint64_t committed = member_.server().progress().committed;
  ExpectRefused(member_.Call(testing::kPut, Put("b", value)), base::errors::kNoSpace);
  member_.member().RunFor(seconds(1));
  EXPECT_EQ(member_.server().progress().committed, committed);
  ASSERT_TRUE(member_
                  .Call(testing::kAlarm, AlarmOf(AlarmRequest::DEACTIVATE, etcdserverpb::NOSPACE,
                                                 member_.server().id().value()))
                  .ok());
  EXPECT_TRUE(member_.Call(testing::kPut, Put("c", "small")).ok());
  ExpectRefused(member_.Call(testing::kPut, Put("d", value)), base::errors::kNoSpace);
  member_.member().RunFor(seconds(1));
  ExpectRefused(member_.Call(testing::kPut, Put("e", "small")), base::errors::kNoSpace);
}

TEST_F(KvServiceTest, WithoutAQuotaThereIsNoLimit) {
  member_.options().quota_backend_bytes = -1;
  Start();
  EXPECT_TRUE(member_.Call(testing::kPut, Put("a", std::string(1 << 20, 'v'))).ok());
}

TEST_F(KvServiceTest, TheAlarmOfCorruptionStopsWhatTouchesKeys) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "1")).ok());
  ASSERT_TRUE(
      member_.Call(testing::kAlarm, AlarmOf(AlarmRequest::ACTIVATE, etcdserverpb::CORRUPT, 7))
          .ok());
  ExpectRefused(member_.Call(testing::kPut, Put("a")), base::errors::kCorrupt);
  ExpectRefused(member_.Call(testing::kDeleteRange, Delete("a")), base::errors::kCorrupt);
  ExpectRefused(member_.Call(testing::kCompact, CompactTo(2)), base::errors::kCorrupt);
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_put() = Put("a");
  ExpectRefused(member_.Call(testing::kTxn, txn), base::errors::kCorrupt);
}

// What operators are told.

TEST_F(KvServiceTest, AReadThatTookTooLongIsToldWithItsRequestAndItsAnswer) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kPut, Put("a", "secret")).ok());
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a")).ok());
  EXPECT_THAT(LogLine("apply request took too long"), ::testing::IsEmpty());
  EXPECT_THAT(member_.member().Metrics(), HasSubstr("etcd_server_slow_apply_total 0"));
  const auto range = member_.Begin(testing::kRange, Get("a"));
  member_.member().SetRaftPaused(true);
  const auto late = member_.Begin(testing::kRange, Get("a"));
  member_.member().RunFor(milliseconds(300));
  member_.member().SetRaftPaused(false);
  ASSERT_TRUE(member_.Finish(range).ok());
  ASSERT_TRUE(member_.Finish(late).ok());
  const std::string line = LogLine("apply request took too long");
  EXPECT_THAT(line, HasSubstr("\"prefix\":\"read-only range \""));
  EXPECT_THAT(line, HasSubstr("\"request\":\"key: \\\"a\\\"\""));
  EXPECT_THAT(line, HasSubstr("range_response_count:1 size:"));
  EXPECT_THAT(line, HasSubstr("\"expected-duration\":\"100ms\""));
  EXPECT_THAT(line, Not(HasSubstr("secret")));
  EXPECT_THAT(member_.member().Metrics(), Not(HasSubstr("etcd_server_slow_apply_total 0")));
}

TEST_F(KvServiceTest, ASlowReadThatFailedIsToldWithItsError) {
  member_.StartAlone();
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_range() = Get("a");
  ExpectRefused(member_.Call(testing::kTxn, txn), base::errors::kTimeout);
  const std::string line = LogLine("apply request took too long");
  EXPECT_THAT(line, HasSubstr("\"prefix\":\"read-only txn \""));
  EXPECT_THAT(line, HasSubstr("\"response\":\"\""));
  EXPECT_THAT(line, HasSubstr("\"error\":\"etcdserver: request timed out\""));
}

TEST_F(KvServiceTest, ReadsAreCountedByWhatTheyReadAndHowTheyEnded) {
  Start();
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a")).ok());
  etcdserverpb::TxnRequest txn;
  *txn.add_success()->mutable_request_range() = Get("a");
  *txn.add_success()->mutable_request_range() = Get("b");
  ASSERT_TRUE(member_.Call(testing::kTxn, txn).ok());
  ASSERT_TRUE(member_.Call(testing::kRangeStream, Get("a")).ok());
  etcdserverpb::RangeRequest future = Get("a");
  future.set_revision(100);
  ASSERT_FALSE(member_.Call(testing::kRange, future).ok());
  const std::string metrics = member_.member().Metrics();
  EXPECT_THAT(metrics, HasSubstr("etcd_mvcc_range_total 5\n"));
  EXPECT_THAT(metrics, HasSubstr("etcd_mvcc_txn_total 1\n"));
  EXPECT_THAT(metrics, HasSubstr("etcd_server_range_duration_seconds_count{success=\"true\"} 1\n"));
  EXPECT_THAT(metrics,
              HasSubstr("etcd_server_range_duration_seconds_count{success=\"false\"} 1\n"));
  const std::string name = "etcd_server_request_duration_seconds_count";
  for (const char* const line :
       {"{success=\"true\",type=\"Range\"} 1\n", "{success=\"false\",type=\"Range\"} 1\n",
        "{success=\"true\",type=\"ReadonlyTxn\"} 1\n"}) {
    EXPECT_THAT(metrics, HasSubstr(name + line));
  }
  // etcd's buckets: twenty, from 0.1 ms on, each twice the one before.
  for (const char* const bound : {"0.0001", "0.0002", "52.4288"}) {
    EXPECT_THAT(metrics, HasSubstr("etcd_server_range_duration_seconds_bucket{success=\"true\",le="
                                   "\"" +
                                   std::string(bound) + "\"}"));
  }
  EXPECT_THAT(metrics, Not(HasSubstr("etcd_server_range_duration_seconds_bucket{success=\"true\","
                                     "le=\"104.8576\"}")));
}

// The JSON gateway speaks of the same.
TEST_F(KvServiceTest, TheGatewayPutsAndReads) {
  Start();
  EXPECT_THAT(member_.PostJson("/v3/kv/put", R"({"key":"YQ==","value":"MQ=="})"),
              HasSubstr("\"revision\":\"2\""));
  EXPECT_THAT(member_.PostJson("/v3/kv/range", R"({"key":"YQ=="})"),
              HasSubstr("\"value\":\"MQ==\""));
  EXPECT_THAT(member_.PostJson("/v3/kv/range", "{}"), HasSubstr("etcdserver: key is not provided"));
}

}  // namespace
}  // namespace v3
