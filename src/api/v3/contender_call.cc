#include "api/v3/contender_call.h"

#include <charconv>
#include <memory>
#include <utility>

#include "api/v3/own_requests.h"
#include "base/check.h"
#include "base/errors.h"

namespace v3 {
namespace {

// Compat: as Go writes it, a negative one with its sign.
std::string HexOf(int64_t lease) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), lease, 16).ptr;
  return std::string(digits, end);
}

// The key as it is, with its lease.
etcdserverpb::PutRequest SameAgain(const std::string& key) {
  etcdserverpb::PutRequest put;
  put.set_key(key);
  put.set_ignore_value(true);
  put.set_ignore_lease(true);
  return put;
}

}  // namespace

void ContenderCall::Enter(const std::string& name, const std::string& value, int64_t lease) {
  if (IsRefused()) return Fail(base::errors::kTooManyRequests);
  SetName(name);
  SetKept(sizeof(*this) + sizeof(kv::QueueScan) + 4 * name.size() + value.size());
  const std::optional<server::Caller> caller = Caller();
  if (!caller.has_value()) return;
  LeaseOfSession(context(), lease, *caller,
                 [this, self = shared_from_this(), value](base::Result<int64_t> granted) {
                   Run([&] {
                     if (!granted.ok()) return Finish(granted.status());
                     PutKey(*granted, value);
                   });
                 });
}

void ContenderCall::PutKey(int64_t lease, const std::string& value) {
  lease_ = lease;
  key_ = prefix() + HexOf(lease);
  etcdserverpb::TxnRequest request;
  *request.add_compare() = IsCreatedAt(key_, 0);
  etcdserverpb::PutRequest* const put = request.add_success()->mutable_request_put();
  put->set_key(key_);
  put->set_value(value);
  put->set_lease(lease);
  request.add_failure()->mutable_request_range()->set_key(key_);
  *request.add_failure()->mutable_request_put() = SameAgain(key_);
  const std::optional<server::Caller> caller = Caller();
  if (!caller.has_value()) return;
  RunTxn(context(), request, *caller,
         [this, self = shared_from_this()](base::Result<etcdserverpb::TxnResponse> entered) {
           TakePlace(std::move(entered));
         });
}

void ContenderCall::TakePlace(base::Result<etcdserverpb::TxnResponse> entered) {
  if (!entered.ok()) return Run([&] { Finish(entered.status()); });
  entered_at_ = written_at_ = base::Revision(entered->header().revision());
  if (entered->succeeded()) {
    create_revision_ = entered_at_.value();
    if (!is_open()) return LeaveQueue();  // its client has left meanwhile
    is_in_queue_ = true;
    return Run([&] { OnEntered(nullptr); });
  }
  const mvccpb::KeyValue& found = entered->responses(0).response_range().kvs(0);
  create_revision_ = found.create_revision();
  Run([&] { OnEntered(&found); });
}

void ContenderCall::Await() {
  Look(base::Revision(create_revision_));
}

base::Result<StreamCall::Next> ContenderCall::OnFound(const kv::QueueScan& scan) {
  if (scan.has_found()) {
    has_waited_ = true;
    is_in_queue_ = true;
    Watch({.key = scan.key(), .no_put = true}, scan.began() + 1);
  } else if (has_waited_) {
    WhenLinearizable([this] { Confirm(); });
  } else {
    OnFirst(entered_at_);
  }
  return Next::kWaits;
}

void ContenderCall::OnChanges(const etcdserverpb::WatchResponse&) {
  StopWatching();
  Await();
}

void ContenderCall::Confirm() {
  const base::Result<kv::QueuePlace> own = Read(key_, create_revision_);
  if (!own.ok()) return Fail(own.status());
  if (!own->pair.has_value()) {
    is_in_queue_ = false;
    return Finish(Lost());
  }
  mvccpb::KeyValue pair;
  CHECK(pair.ParseFromString(*own->pair));
  if (pair.mod_revision() == written_at_.value()) return OnFirst(own->at);
  WriteAgain();
}

// From now on whoever else has the place does not delete it, and nor does this call: they all may
// be told that they are the first.
void ContenderCall::WriteAgain() {
  is_in_queue_ = false;
  const std::optional<server::Caller> caller = Caller();
  if (!caller.has_value()) return;
  etcdserverpb::TxnRequest request;
  *request.add_compare() = IsCreatedAt(key_, create_revision_);
  *request.add_success()->mutable_request_put() = SameAgain(key_);
  RunTxn(context(), request, *caller,
         [this, self = shared_from_this()](base::Result<etcdserverpb::TxnResponse> written) {
           Run([&] {
             if (!written.ok()) return Finish(written.status());
             if (!written->succeeded()) return Finish(Lost());
             OnFirst(base::Revision(written->header().revision()));
           });
         });
}

void ContenderCall::OnEnded(const base::Status& status) {
  QueueCall::OnEnded(status);
  if (is_in_queue_) LeaveQueue();
}

// If it fails, the key goes with its lease. In a turn of its own: what ended the call may be none.
// By the member itself: who put the key may not be known any more, or may not delete it.
void ContenderCall::LeaveQueue() {
  etcdserverpb::TxnRequest request;
  *request.add_compare() = IsModifiedAt(key_, written_at_.value());
  request.add_success()->mutable_request_delete_range()->set_key(key_);
  loop().Post([context = &context(), request] {
    server::Caller caller;
    if (context->judge().view().enabled) caller.identity = server::MemberItself();
    RunTxn(*context, request, caller, [](auto) {});
  });
}

}  // namespace v3
