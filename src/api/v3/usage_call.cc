#include "api/v3/usage_call.h"

#include "base/errors.h"

namespace v3 {

void UsageCall::OnMessage(base::ByteView bytes) {
  if (!Parse(bytes, &request_)) return;
  SetKept(KeptBytes());
  if (base::Status status = kv::Check(request_); !status.ok()) return Finish(status);
  WhenLinearizable([this] { Continue(); });
}

base::Status UsageCall::CheckRights() {
  ASSIGN_OR_RETURN(const server::Caller who, Identify());
  const kv::PrefixRange& range = read_->range();
  return reads().judge().CheckKeys(who.identity, auth::Access::kRead, {range.key, range.end});
}

base::Result<StreamCall::Next> UsageCall::Produce() {
  const bool is_new = !read_.has_value();
  if (is_new) read_.emplace(&reads().keys(), request_);
  RETURN_IF_ERROR(read_->Pin());
  RETURN_IF_ERROR(CheckRights());
  // Of thousands that come at once, the first steps alone would be seconds of work, done in vain.
  if (is_new && MustWait() && read_->TakesSteps()) return ReadOn();
  ASSIGN_OR_RETURN(const bool is_done, read_->Step());
  if (!SetGathered(read_->held_bytes())) return base::errors::kTooManyRequests;
  if (!is_done) return ReadOn();
  RETURN_IF_ERROR(Answer());
  return Next::kEnd;
}

base::Status UsageCall::Answer() {
  usagepb::UsageResponse response;
  context().Fill(response.mutable_header(), read_->revision());
  // While the answer is made there are the groups, their messages and its bytes.
  if (!SetGathered(3 * read_->held_bytes())) return base::errors::kTooManyRequests;
  read_->TakeGroups(&response);
  Send(response);
  return {};
}

void UsageCall::OnBlocked() {
  if (read_.has_value()) read_->Release();
  DropPlace();
}

void UsageCall::OnEnded(const base::Status&) {
  read_.reset();
  DropPlace();
}

void UsageCall::Release() {
  read_.reset();
  DropGathered();
}

}  // namespace v3
