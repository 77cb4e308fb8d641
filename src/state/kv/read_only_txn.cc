#include "state/kv/read_only_txn.h"

#include <algorithm>
#include <utility>

#include "state/kv/operations.h"
#include "state/kv/txn_response.h"
#include "storage/mvcc/store.h"

namespace kv {
namespace {

// Answered by ranges of one step, before the last of them.
constexpr size_t kStepKeys = 512;

}  // namespace

base::Result<ReadOnlyTxn> ReadOnlyTxn::Open(mvcc::Reads& reads,
                                            const etcdserverpb::TxnRequest& request) {
  ASSIGN_OR_RETURN(auto pin, reads.Pin(base::Revision(0)));
  return ReadOnlyTxn(&reads, std::move(pin), request);
}

ReadOnlyTxn::ReadOnlyTxn(mvcc::Reads* reads, std::unique_ptr<mvcc::ReadPin> pin,
                         const etcdserverpb::TxnRequest& request)
    : reads_(reads),
      pin_(std::move(pin)),
      request_(&request),
      compare_(pin_.get(), &request.compare()) {}

bool ReadOnlyTxn::TakesSteps() const {
  const auto takes_steps = [this](const etcdserverpb::RequestOp& op) {
    const etcdserverpb::RangeRequest& range = op.request_range();
    return range.revision() <= 0 && RangeRead(pin_.get(), revision(), range).TakesSteps();
  };
  const auto& success = request_->success();
  const auto& failure = request_->failure();
  return std::any_of(success.begin(), success.end(), takes_steps) ||
         std::any_of(failure.begin(), failure.end(), takes_steps);
}

base::Result<bool> ReadOnlyTxn::Step() {
  if (branch_ == nullptr) {
    ASSIGN_OR_RETURN(const bool compared, compare_.Step());
    if (!compared) return false;
    RETURN_IF_ERROR(TakeBranch());
  }
  for (size_t keys = 0; next_ < branch_->size(); ++next_) {
    if (keys >= kStepKeys) return false;
    if (!IsOpen()) RETURN_IF_ERROR(OpenRange(branch_->Get(next_).request_range()));
    RangeRead& range = ranges_.back();
    ASSIGN_OR_RETURN(const bool read, range.Step());
    if (!read) return false;
    keys += range.size();
    held_bytes_ += range.held_bytes();
    body_size_ += TxnResponse::RangeSize(revision(), range);
  }
  return true;
}

size_t ReadOnlyTxn::held_bytes() const {
  return sizeof(RangeRead) * ranges_.capacity() + held_bytes_ +
         (IsOpen() ? ranges_.back().held_bytes() : 0);
}

char* ReadOnlyTxn::WriteBody(char* out) const {
  out = TxnResponse::WriteBegin(compare_.holds(), out);
  for (const RangeRead& range : ranges_) out = TxnResponse::WriteRange(revision(), range, out);
  return out;
}

base::Status ReadOnlyTxn::TakeBranch() {
  branch_ = compare_.holds() ? &request_->success() : &request_->failure();
  for (const etcdserverpb::RequestOp& op : *branch_) {
    RETURN_IF_ERROR(CheckRangeInTxn(reads_->store(), *pin_, op.request_range()).refusal);
  }
  ranges_.reserve(static_cast<size_t>(branch_->size()));
  body_size_ = TxnResponse::BeginSize(compare_.holds());
  return {};
}

base::Status ReadOnlyTxn::OpenRange(const etcdserverpb::RangeRequest& request) {
  if (request.revision() <= 0) {
    ranges_.emplace_back(pin_.get(), revision(), request);
    return {};
  }
  ASSIGN_OR_RETURN(auto pin, reads_->Pin(base::Revision(request.revision())));
  ranges_.emplace_back(std::move(pin), revision(), request);
  return {};
}

}  // namespace kv
