#include "state/kv/request_check.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "state/kv/testing/random_requests.h"

namespace kv {
namespace {

namespace errors = base::errors;
using etcdserverpb::DeleteRangeRequest;
using etcdserverpb::PutRequest;
using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;

constexpr size_t kOpsMax = 4;

template <typename Request>
Request Of(const std::string& text) {
  Request request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

base::Status CheckTxn(const std::string& text) {
  return Check(Of<TxnRequest>(text), kOpsMax);
}
std::string PutOf(const std::string& key) {
  return "request_put { key: '" + key + "' }";
}
std::string DeleteOf(const std::string& key, const std::string& range_end = "") {
  return "request_delete_range { key: '" + key + "' range_end: '" + range_end + "' }";
}
std::string Success(const std::string& op) {
  return " success { " + op + " } ";
}
std::string Failure(const std::string& op) {
  return " failure { " + op + " } ";
}
std::string TxnOf(const std::string& text) {
  return "request_txn { " + text + " }";
}

TEST(RequestCheckTest, EveryRequestNeedsAKey) {
  EXPECT_EQ(Check(RangeRequest()), errors::kEmptyKey);
  EXPECT_EQ(Check(PutRequest()), errors::kEmptyKey);
  EXPECT_EQ(Check(DeleteRangeRequest()), errors::kEmptyKey);
  EXPECT_EQ(CheckTxn("compare {}"), errors::kEmptyKey);
  EXPECT_EQ(CheckTxn("success { request_range {} }"), errors::kEmptyKey);
  EXPECT_EQ(CheckTxn("failure { request_put {} }"), errors::kEmptyKey);
  EXPECT_EQ(CheckTxn("failure { request_delete_range {} }"), errors::kEmptyKey);
}

TEST(RequestCheckTest, SortOptionsThatDoNotExistAreRefused) {
  auto request = Of<RangeRequest>("key: 'a' sort_order: DESCEND sort_target: VALUE");
  EXPECT_TRUE(Check(request).ok());
  request.set_sort_order(static_cast<RangeRequest::SortOrder>(3));
  EXPECT_EQ(Check(request), errors::kInvalidSortOption);
  request.set_sort_order(RangeRequest::NONE);
  request.set_sort_target(static_cast<RangeRequest::SortTarget>(-1));
  EXPECT_EQ(Check(request), errors::kInvalidSortOption);
}

TEST(RequestCheckTest, WhatIsKeptMustNotBeGiven) {
  EXPECT_EQ(
      Check(Of<PutRequest>("key: 'a' ignore_value: true value: 'v' ignore_lease: true lease: 1")),
      errors::kValueProvided);
  EXPECT_EQ(Check(Of<PutRequest>("key: 'a' ignore_lease: true lease: 1 value: 'v'")),
            errors::kLeaseProvided);
  EXPECT_TRUE(Check(Of<PutRequest>("key: 'a' ignore_value: true ignore_lease: true")).ok());
}

TEST(RequestCheckTest, AnOperationMustSayWhatItIs) {
  EXPECT_EQ(CheckTxn("success {}"), errors::kKeyNotFound);
}

TEST(RequestCheckTest, TheLongestListOfALevelCountsAgainstTheLimit) {
  std::string text;
  for (size_t i = 0; i < kOpsMax; ++i) {
    text += " compare { key: 'a' } success { request_range { key: 'a' } }";
  }
  EXPECT_TRUE(CheckTxn(text).ok());
  EXPECT_EQ(CheckTxn(text + "success { request_range { key: 'a' } }"), errors::kTooManyOps);
  EXPECT_EQ(CheckTxn(text + "compare { key: 'a' }"), errors::kTooManyOps);
}

TEST(RequestCheckTest, TransactionsWithinHaveWhatIsLeft) {
  const std::string three =
      "success { request_range { key: 'a' } }"
      "success { request_range { key: 'a' } }"
      "success { request_range { key: 'a' } }";
  EXPECT_TRUE(CheckTxn(Success(TxnOf(three))).ok());
  EXPECT_EQ(CheckTxn(Success(TxnOf(three + "compare { key: 'a' }" + three))), errors::kTooManyOps);
  EXPECT_EQ(CheckTxn(Success(TxnOf(three)) + "compare { key: 'a' } compare { key: 'a' }"),
            errors::kTooManyOps);
}

TEST(RequestCheckTest, ALimitAboveTwoToTheThirtyFirstHolds) {
  EXPECT_TRUE(Check(Of<TxnRequest>(Success(PutOf("a"))), 0xffffffffu).ok());
}

TEST(RequestCheckTest, AKeyIsPutOnce) {
  EXPECT_EQ(CheckTxn(Success(PutOf("a")) + Success(PutOf("a"))), errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn(Failure(PutOf("a")) + Failure(PutOf("a"))), errors::kDuplicateKey);
  EXPECT_TRUE(CheckTxn(Success(PutOf("a")) + Failure(PutOf("a"))).ok());
}

TEST(RequestCheckTest, AKeyIsNotPutAndDeleted) {
  EXPECT_EQ(CheckTxn(Success(PutOf("a")) + Success(DeleteOf("a"))), errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn(Success(DeleteOf("a", "c")) + Success(PutOf("b"))), errors::kDuplicateKey);
  EXPECT_TRUE(CheckTxn(Success(DeleteOf("a", "b")) + Success(PutOf("b"))).ok());
  EXPECT_TRUE(CheckTxn(Success(DeleteOf("a")) + Success(DeleteOf("a", "c"))).ok());
}

// An end of one zero byte orders before every key.
TEST(RequestCheckTest, DeletesWithoutAnEndAreNotLookedAt) {
  EXPECT_TRUE(CheckTxn(Success(DeleteOf("a", "\\000")) + Success(PutOf("b"))).ok());
}

TEST(RequestCheckTest, BranchesWithinMayPutTheSameKey) {
  EXPECT_TRUE(CheckTxn(Success(TxnOf(Success(PutOf("a")) + Failure(PutOf("a"))))).ok());
  EXPECT_EQ(CheckTxn(Success(TxnOf(Failure(PutOf("a")))) + Success(PutOf("a"))),
            errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn(Success(TxnOf(Failure(PutOf("a")))) + Success(TxnOf(Success(PutOf("a"))))),
            errors::kDuplicateKey);
}

// As etcd, which goes through them in order.
TEST(RequestCheckTest, ADeleteWithinHoldsForWhatComesAfter) {
  const std::string put = Success(TxnOf(Success(PutOf("a"))));
  const std::string del = Success(TxnOf(Failure(DeleteOf("a"))));
  EXPECT_EQ(CheckTxn(del + put), errors::kDuplicateKey);
  EXPECT_TRUE(CheckTxn(put + del).ok());
  EXPECT_EQ(CheckTxn(Success(PutOf("a")) + del), errors::kDuplicateKey);
}

TEST(RequestCheckTest, WhatALevelLooksLikeIsCheckedBeforeItsKeys) {
  EXPECT_EQ(CheckTxn(Success(PutOf("a")) + Success(PutOf("a")) + Failure("request_range {}")),
            errors::kEmptyKey);
}

TEST(RequestCheckTest, StreamsTakeNeitherOrdersNorFilters) {
  const auto check = [](const std::string& text) {
    return CheckRangeStream(Of<RangeRequest>(text));
  };
  EXPECT_EQ(check("sort_order: DESCEND"), errors::kEmptyKey);
  EXPECT_TRUE(check("key: 'a' sort_target: VALUE").ok());
  EXPECT_TRUE(check("key: 'a' sort_order: ASCEND").ok());
  const base::Status sorts(base::Code::kUnimplemented,
                           "RangeStream does not support custom sort orders");
  EXPECT_EQ(check("key: 'a' sort_order: DESCEND"), sorts);
  EXPECT_EQ(check("key: 'a' sort_order: ASCEND sort_target: MOD min_mod_revision: 1"), sorts);
  const base::Status filters(base::Code::kUnimplemented,
                             "RangeStream does not support revision filters");
  for (const char* filter :
       {"min_mod_revision", "max_mod_revision", "min_create_revision", "max_create_revision"}) {
    EXPECT_EQ(check("key: 'a' " + std::string(filter) + ": 1"), filters);
  }
}

TEST(RequestCheckTest, OnlyRangesMakeATransactionReadOnly) {
  const std::string range = "request_range { key: 'a' }";
  EXPECT_TRUE(IsReadOnly(TxnRequest()));
  EXPECT_TRUE(IsReadOnly(Of<TxnRequest>(Success(range) + Failure(range))));
  EXPECT_FALSE(IsReadOnly(Of<TxnRequest>(Success(range) + Failure(PutOf("a")))));
  EXPECT_FALSE(IsReadOnly(Of<TxnRequest>(Success(TxnOf(Success(range))))));
}

TEST(RequestCheckTest, AllRangesMakeATransactionSerializable) {
  const std::string serializable = "request_range { key: 'a' serializable: true }";
  EXPECT_TRUE(IsSerializable(Of<TxnRequest>(Success(serializable) + Failure(serializable))));
  EXPECT_FALSE(IsSerializable(
      Of<TxnRequest>(Success(serializable) + Failure("request_range { key: 'a' }"))));
}

TEST(RequestCheckTest, TheQuotaIsChargedTheCostlierBranch) {
  EXPECT_EQ(QuotaCost(Of<PutRequest>("key: 'ab' value: 'cde'")), 256u + 5);
  EXPECT_EQ(
      QuotaCost(Of<TxnRequest>(Success(DeleteOf("a")) + Failure("request_range { key: 'a' }"))),
      0u);
  EXPECT_EQ(QuotaCost(Of<TxnRequest>(Success(PutOf("a")) +
                                     Failure(TxnOf(Success(PutOf("a")) + Success(PutOf("bb")))))),
            256u + 1 + 256 + 2);
}

// The rules of duplicate keys once more, over lists.
class PlainWrites {
 public:
  using Ops = google::protobuf::RepeatedPtrField<etcdserverpb::RequestOp>;

  explicit PlainWrites(const Ops& ops) {
    for (const auto& op : ops) {
      if (op.has_request_delete_range()) {
        deletes_.emplace_back(op.request_delete_range().key(), EndOf(op.request_delete_range()));
      }
    }
    for (const auto& op : ops) {
      if (op.has_request_txn()) AddNested(op.request_txn());
    }
    for (const auto& op : ops) {
      if (op.has_request_put()) AddPuts({op.request_put().key()});
    }
  }
  bool conflict() const { return conflict_; }

 private:
  static std::string EndOf(const DeleteRangeRequest& request) {
    return request.range_end().empty() ? request.key() + '\0' : request.range_end();
  }
  void AddNested(const TxnRequest& request) {
    const PlainWrites success(request.success());
    const PlainWrites failure(request.failure());
    conflict_ = conflict_ || success.conflict_ || failure.conflict_;
    const std::vector<std::string> before = puts_;
    AddPuts(success.puts_);
    const std::vector<std::string> after = std::exchange(puts_, before);
    AddPuts(failure.puts_);
    puts_.insert(puts_.end(), after.begin(), after.end());
    for (const PlainWrites* branch : {&success, &failure}) {
      deletes_.insert(deletes_.end(), branch->deletes_.begin(), branch->deletes_.end());
    }
  }
  void AddPuts(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      conflict_ = conflict_ || std::count(puts_.begin(), puts_.end(), key) > 0;
      for (const auto& [begin, end] : deletes_)
        conflict_ = conflict_ || (begin <= key && key < end);
    }
    puts_.insert(puts_.end(), keys.begin(), keys.end());
  }

  bool conflict_ = false;
  std::vector<std::string> puts_;
  std::vector<std::pair<std::string, std::string>> deletes_;
};

TEST(RequestCheckTest, RandomTransactionsRepeatKeysExactlyIfTheListsSaySo) {
  constexpr uint64_t kSeed = 20;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  RandomRequests requests(kSeed);
  int refused = 0;
  int taken = 0;
  for (int i = 0; i < 20000; ++i) {
    const TxnRequest request = requests.Txn(3);
    const base::Status status = Check(request, 128);
    if (!status.ok() && status != errors::kDuplicateKey) continue;
    const bool conflict =
        PlainWrites(request.success()).conflict() || PlainWrites(request.failure()).conflict();
    ASSERT_EQ(!status.ok(), conflict) << request.ShortDebugString();
    (conflict ? refused : taken) += 1;
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace kv
