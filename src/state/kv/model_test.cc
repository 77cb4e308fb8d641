#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/errors.h"
#include "state/kv/range.h"
#include "state/kv/read_only_txn.h"
#include "state/kv/request_check.h"
#include "state/kv/response_header.h"
#include "state/kv/testing/model.h"
#include "state/kv/testing/plain_lessor.h"
#include "state/kv/testing/random_requests.h"
#include "state/kv/write.h"
#include "storage/mvcc/testing/store_harness.h"

// Random requests to the store and to the plainest model of what they mean: every byte of every
// answer must agree.

namespace kv {
namespace {

std::string BodyOf(const ReadOnlyTxn& txn) {
  std::string body(txn.BodySize(), '\0');
  EXPECT_EQ(txn.WriteBody(body.data()), body.data() + body.size());
  return body;
}

constexpr size_t kOpsMax = 128;

std::string WithHeader(base::Revision revision, base::ByteView body) {
  const ResponseHeader header{.cluster = {}, .member = {}, .revision = revision, .term = {}};
  std::string bytes(HeaderSize(header), '\0');
  WriteHeader(header, bytes.data());
  return bytes.append(body);
}

template <typename Response>
std::string Printed(base::ByteView bytes) {
  Response response;
  if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "not parsed";
  return response.ShortDebugString();
}

// What was asked and what came, if they differ.
template <typename Request, typename Response>
void Expect(const Request& request, const base::Result<Response>& expected,
            const base::Result<std::string>& answer) {
  ASSERT_EQ(answer.status(), expected.status()) << request.ShortDebugString();
  if (!answer.ok()) return;
  const std::string bytes = expected->SerializeAsString();
  ASSERT_TRUE(*answer == bytes) << request.ShortDebugString() << "\nexpected "
                                << expected->ShortDebugString() << "\ngot "
                                << Printed<Response>(*answer);
}

template <typename Read>
base::Result<Read> Done(base::Result<Read> read) {
  if (!read.ok()) return read;
  for (bool done = false; !done;) {
    ASSIGN_OR_RETURN(done, read->Step());
  }
  return read;
}

class RequestModelTest : public ::testing::TestWithParam<int> {
 protected:
  base::Result<std::string> AnswerOf(base::Result<Applied> applied) {
    harness_.EndEntry();
    if (!applied.ok()) return std::move(applied).status();
    if (!applied->refusal.ok()) return applied->refusal;
    return WithHeader(applied->revision, applied->body);
  }
  WriteContext context() { return {&harness_.store(), &lessor_, &counts_}; }

  void DoRange() {
    const auto request = requests_.Range();
    if (!Check(request).ok()) return;
    const auto read = Done(RangeRead::Open(harness_.reads(), request));
    base::Result<std::string> answer = std::string();
    if (read.ok()) {
      std::string body(read->BodySize(), '\0');
      ASSERT_EQ(read->WriteBody(body.data()), body.data() + body.size());
      answer = WithHeader(read->revision(), body);
    } else {
      answer = read.status();
    }
    Expect(request, model_.Range(request), answer);
  }
  void DoPut() {
    const auto request = requests_.Put();
    if (!Check(request).ok()) return;
    Expect(request, model_.Put(request), AnswerOf(Put(context(), request)));
  }
  void DoDelete() {
    const auto request = requests_.DeleteRange();
    if (!Check(request).ok()) return;
    Expect(request, model_.DeleteRange(request), AnswerOf(DeleteRange(context(), request)));
  }
  void DoTxn() {
    const auto request = requests_.Txn(3);
    if (!Check(request, kOpsMax).ok()) return;
    Expect(request, model_.Txn(request), AnswerOf(Txn(context(), request)));
  }
  void DoReadOnlyTxn() {
    const auto request = requests_.Txn(0, /*read_only=*/true);
    if (!Check(request, kOpsMax).ok()) return;
    const auto txn = Done(ReadOnlyTxn::Open(harness_.reads(), request));
    base::Result<std::string> answer = std::string();
    if (txn.ok()) {
      answer = WithHeader(txn->revision(), BodyOf(*txn));
    } else {
      answer = txn.status();
    }
    Expect(request, model_.Txn(request), answer);
  }
  void DoCompact() {
    const int64_t to = requests_.Revision();
    ASSERT_EQ(harness_.Compact(to), model_.Compact(to));
    if (requests_.random().OneIn(2)) harness_.FinishCompaction();
  }
  void DoOne() {
    requests_.SetRevision(model_.revision());
    runtime::Random& random = requests_.random();
    const uint64_t kind = random.Below(100);
    if (kind < 35) return DoRange();
    if (kind < 55) return DoPut();
    if (kind < 62) return DoDelete();
    if (kind < 85) return DoTxn();
    if (kind < 95) return DoReadOnlyTxn();
    if (kind < 97) return DoCompact();
    harness_.Commit();
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory,
                              {.history_bytes = 0, .lock_slice = 3, .history_slice = 5}};
  PlainLessor lessor_{{1, 2, 3}};
  OperationCounts counts_;
  Model model_{{1, 2, 3}};
  RandomRequests requests_{static_cast<uint64_t>(GetParam())};
};

TEST_P(RequestModelTest, EveryAnswerAgrees) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int i = 0; i < 3000; ++i) {
    SCOPED_TRACE("request " + std::to_string(i));
    DoOne();
    if (HasFatalFailure()) return;
    ASSERT_EQ(harness_.store().revision().value(), model_.revision());
    ASSERT_EQ(lessor_.attached(), model_.Attached());
  }
}

// A member that nobody waits at makes the same changes.
TEST_P(RequestModelTest, WithoutAReplyTheStateIsTheSame) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  mvcc::StoreHarness silent(mvcc::DatabaseKind::kMemory);
  PlainLessor silent_lessor({1, 2, 3});
  OperationCounts silent_counts;
  const WriteContext quiet{&silent.store(), &silent_lessor, &silent_counts, /*reply_wanted=*/false};
  for (int i = 0; i < 500; ++i) {
    requests_.SetRevision(harness_.store().revision().value());
    const auto request = requests_.Txn(3);
    if (!Check(request, kOpsMax).ok()) continue;
    const auto applied = AnswerOf(Txn(context(), request));
    const auto in_silence = Txn(quiet, request);
    silent.EndEntry();
    ASSERT_TRUE(in_silence.ok());
    ASSERT_EQ(applied.status(), in_silence->refusal) << request.ShortDebugString();
  }
  EXPECT_EQ(lessor_.attached(), silent_lessor.attached());
  EXPECT_EQ(harness_.reads().HashKv({}).value(), silent.reads().HashKv({}).value());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RequestModelTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace kv
