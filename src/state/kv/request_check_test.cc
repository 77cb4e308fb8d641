#include "state/kv/request_check.h"

#include <gtest/gtest.h>

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "state/kv/testing/random_requests.h"

namespace kv {
namespace {

using etcdserverpb::PutRequest;
using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;

constexpr size_t kOpsMax = 4;

template <typename Request>
Request Parsed(const std::string& text) {
  Request request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}
base::Status CheckTxn(const std::string& text) {
  return Check(Parsed<TxnRequest>(text), kOpsMax);
}
std::string Repeated(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text + " ";
  return all;
}

const char kRange[] = "request_range { key: 'k' }";

TEST(RequestCheckTest, ARequestNeedsAKey) {
  EXPECT_EQ(Check(RangeRequest()), base::errors::kEmptyKey);
  EXPECT_EQ(Check(PutRequest()), base::errors::kEmptyKey);
  EXPECT_EQ(Check(etcdserverpb::DeleteRangeRequest()), base::errors::kEmptyKey);
  EXPECT_EQ(Check(Parsed<RangeRequest>("range_end: 'z'")), base::errors::kEmptyKey);
}

TEST(RequestCheckTest, SortOptionsMustExist) {
  EXPECT_TRUE(Check(Parsed<RangeRequest>("key: 'k' sort_order: DESCEND sort_target: VALUE")).ok());
  RangeRequest request = Parsed<RangeRequest>("key: 'k'");
  request.set_sort_order(static_cast<RangeRequest::SortOrder>(3));
  EXPECT_EQ(Check(request), base::errors::kInvalidSortOption);
  request.clear_sort_order();
  request.set_sort_target(static_cast<RangeRequest::SortTarget>(5));
  EXPECT_EQ(Check(request), base::errors::kInvalidSortOption);
}

TEST(RequestCheckTest, WhatIsKeptMayNotBeGiven) {
  EXPECT_EQ(Check(Parsed<PutRequest>("key: 'k' value: 'v' ignore_value: true")),
            base::errors::kValueProvided);
  EXPECT_EQ(Check(Parsed<PutRequest>("key: 'k' lease: 1 ignore_lease: true")),
            base::errors::kLeaseProvided);
  EXPECT_EQ(Check(Parsed<PutRequest>(
                "key: 'k' value: 'v' lease: 1 ignore_value: true ignore_lease: true")),
            base::errors::kValueProvided);
  EXPECT_TRUE(Check(Parsed<PutRequest>("key: 'k' lease: 1 ignore_value: true")).ok());
}

TEST(RequestCheckTest, TheLongestOfTheThreeListsCounts) {
  const std::string compare = "compare { key: 'k' }";
  EXPECT_TRUE(CheckTxn(Repeated(4, compare)).ok());
  EXPECT_EQ(CheckTxn(Repeated(5, compare)), base::errors::kTooManyOps);
  for (const std::string branch : {"success", "failure"}) {
    const std::string op = branch + " { " + kRange + " }";
    EXPECT_TRUE(CheckTxn(Repeated(4, compare) + Repeated(4, op)).ok());
    EXPECT_EQ(CheckTxn(Repeated(5, op)), base::errors::kTooManyOps);
  }
}

TEST(RequestCheckTest, ATransactionWithinHasWhatIsLeft) {
  const auto nested = [](int outer, int inner) {
    return Repeated(outer - 1, std::string("success { ") + kRange + " }") +
           "failure { request_txn { " + Repeated(inner, std::string("success { ") + kRange + " }") +
           " } }";
  };
  EXPECT_TRUE(CheckTxn(nested(3, 2)).ok());
  EXPECT_EQ(CheckTxn(nested(3, 3)), base::errors::kTooManyOps);
  EXPECT_TRUE(CheckTxn(nested(4, 1)).ok());
  EXPECT_EQ(CheckTxn(nested(4, 2)), base::errors::kTooManyOps);
  EXPECT_EQ(CheckTxn(nested(5, 1)), base::errors::kTooManyOps);
  EXPECT_TRUE(CheckTxn(nested(5, 0)).ok());
}

TEST(RequestCheckTest, TheLengthIsCheckedBeforeTheKeys) {
  EXPECT_EQ(CheckTxn(Repeated(5, "compare {}")), base::errors::kTooManyOps);
  EXPECT_EQ(CheckTxn("compare {}"), base::errors::kEmptyKey);
}

TEST(RequestCheckTest, ComparisonsThenSuccessThenFailureAreChecked) {
  const std::string put = "success { request_put { key: 'k' value: 'v' ignore_value: true } }";
  EXPECT_EQ(CheckTxn("failure {} " + put), base::errors::kValueProvided);
  EXPECT_EQ(CheckTxn("failure {} compare {} " + put), base::errors::kEmptyKey);
  EXPECT_EQ(CheckTxn("failure {}"), base::errors::kKeyNotFound);
}

TEST(RequestCheckTest, ShapesAreCheckedBeforeDuplicates) {
  const std::string twice = Repeated(2, "success { request_put { key: 'k' } }");
  EXPECT_EQ(CheckTxn(twice), base::errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn(twice + "failure { request_range {} }"), base::errors::kEmptyKey);
}

TEST(RequestCheckTest, BothBranchesAreCheckedForDuplicates) {
  EXPECT_EQ(CheckTxn(Repeated(2, "failure { request_put { key: 'k' } }")),
            base::errors::kDuplicateKey);
  EXPECT_TRUE(
      CheckTxn("success { request_put { key: 'k' } } failure { request_put { key: 'k' } }").ok());
}

TEST(RequestCheckTest, AKeyMayBeDeletedTwiceButNotPutAndDeleted) {
  const std::string range = "success { request_delete_range { key: 'a' range_end: 'm' } } ";
  EXPECT_TRUE(CheckTxn(range + range).ok());
  EXPECT_EQ(CheckTxn(range + "success { request_put { key: 'k' } }"), base::errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn("success { request_put { key: 'k' } }" + range), base::errors::kDuplicateKey);
  EXPECT_TRUE(CheckTxn(range + "success { request_put { key: 'm' } }").ok());
}

TEST(RequestCheckTest, ADeletionWithoutAnEndIsOverlooked) {
  TxnRequest request = Parsed<TxnRequest>(
      "success { request_delete_range { key: 'a' } } success { request_put { key: 'k' } }");
  request.mutable_success(0)->mutable_request_delete_range()->set_range_end(std::string(1, '\0'));
  EXPECT_TRUE(Check(request, kOpsMax).ok());
}

TEST(RequestCheckTest, OneOfTheBranchesWithinIsTaken) {
  const auto nested = [](const std::string& success, const std::string& failure) {
    return "success { request_txn { success { " + success + " } failure { " + failure + " } } } ";
  };
  const std::string put = "request_put { key: 'k' }";
  const std::string erase = "request_delete_range { key: 'k' }";
  EXPECT_TRUE(CheckTxn(nested(put, put)).ok());
  EXPECT_TRUE(CheckTxn(nested(put, erase)).ok());
  EXPECT_EQ(CheckTxn(nested(put, kRange) + nested(kRange, put)), base::errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn(nested(kRange, put) + "success { " + put + " }"), base::errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn(nested(kRange, erase) + "success { " + put + " }"),
            base::errors::kDuplicateKey);
  EXPECT_EQ(CheckTxn("success { " + erase + " } " + nested(kRange, put)),
            base::errors::kDuplicateKey);
}

TEST(RequestCheckTest, AmongTransactionsWithinADeletionCountsForThoseThatFollow) {
  const std::string put = "success { request_txn { success { request_put { key: 'k' } } } } ";
  const std::string erase =
      "success { request_txn { success { request_delete_range { key: 'k' } } } } ";
  EXPECT_TRUE(CheckTxn(put + erase).ok());
  EXPECT_EQ(CheckTxn(erase + put), base::errors::kDuplicateKey);
}

TEST(RequestCheckTest, OnlyRangesMakeAReadOnlyTransaction) {
  const std::string range = std::string("success { ") + kRange + " }";
  EXPECT_TRUE(IsReadOnly(TxnRequest()));
  EXPECT_TRUE(IsReadOnly(Parsed<TxnRequest>(range)));
  EXPECT_FALSE(IsReadOnly(Parsed<TxnRequest>(range + "failure { request_put { key: 'k' } }")));
  EXPECT_FALSE(IsReadOnly(Parsed<TxnRequest>("success { request_txn { " + range + " } }")));
}

TEST(RequestCheckTest, EveryRangeMustBeSerializable) {
  const std::string range = "{ request_range { key: 'k' serializable: true } }";
  EXPECT_TRUE(IsSerializable(TxnRequest()));
  EXPECT_TRUE(IsSerializable(Parsed<TxnRequest>("success " + range + " failure " + range)));
  EXPECT_FALSE(IsSerializable(
      Parsed<TxnRequest>("success " + range + " failure { " + std::string(kRange) + " }")));
}

TEST(RequestCheckTest, TheMoreCostlyBranchCountsAgainstTheQuota) {
  EXPECT_EQ(QuotaCost(Parsed<PutRequest>("key: 'kk' value: 'vvv'")), 256u + 5);
  const std::string put = "{ request_put { key: 'k' value: 'v' } } ";
  EXPECT_EQ(QuotaCost(Parsed<TxnRequest>("success " + put + "failure " + put + "failure " + put)),
            2u * (256 + 2));
  EXPECT_EQ(QuotaCost(Parsed<TxnRequest>("success { request_txn { failure " + put + "} }")),
            256u + 2);
  EXPECT_EQ(QuotaCost(Parsed<TxnRequest>("success { request_delete_range { key: 'k' } }")), 0u);
}

TEST(RequestCheckTest, RangeStreamRefusesOrdersBeforeFilters) {
  const auto refused = [](const std::string& text) {
    return CheckRangeStream(Parsed<RangeRequest>("key: 'k' " + text));
  };
  EXPECT_TRUE(refused("sort_order: ASCEND").ok());
  EXPECT_TRUE(refused("sort_target: VALUE").ok());
  const base::Status order = refused("sort_order: DESCEND min_mod_revision: 1");
  EXPECT_EQ(order.code(), base::Code::kUnimplemented);
  EXPECT_EQ(order.message(), "RangeStream does not support custom sort orders");
  EXPECT_EQ(refused("sort_order: ASCEND sort_target: MOD").message(), order.message());
  EXPECT_EQ(refused("max_create_revision: 1").message(),
            "RangeStream does not support revision filters");
  EXPECT_EQ(CheckRangeStream(Parsed<RangeRequest>("sort_order: DESCEND")), base::errors::kEmptyKey);
}

TEST(RequestCheckTest, ALimitAboveTwoToTheThirtyFirstHolds) {
  EXPECT_TRUE(Check(Parsed<TxnRequest>("success { request_put { key: 'k' } }"), 0xffffffff).ok());
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
  static std::string EndOf(const etcdserverpb::DeleteRangeRequest& request) {
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
    if (!status.ok() && status != base::errors::kDuplicateKey) continue;
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
