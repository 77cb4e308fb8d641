#include "sim/user_requests.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/errors.h"

namespace sim {
namespace {

using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;

constexpr uint64_t kWatchesMax = 4;
// Transactions in each other, at most.
constexpr uint64_t kDepthMax = 3;

template <typename Message>
Message Parsed(base::ByteView bytes) {
  Message message;
  CHECK(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return message;
}

base::Revision RevisionOf(const etcdserverpb::ResponseHeader& header) {
  return base::Revision(header.revision());
}

}  // namespace

UserRequests::Attempt UserRequests::NewAttempt(const Who& who, OnUnknown on_unknown) const {
  Attempt attempt;
  attempt.who = who;
  attempt.asked = parts_.clock->Now();
  attempt.on_unknown = std::move(on_unknown);
  return attempt;
}

std::string UserRequests::NewValue() {
  std::string value = parts_.new_value();
  asked_of_.emplace(value, parts_.clock->Now());
  return value;
}

KeyPart UserRequests::DrawKey(const KeyPart& part) {
  return {part.first + parts_.random->Below(std::max<uint64_t>(part.count, 1)), 0};
}

void UserRequests::Use(const Who& who, const KeyPart& part, OnUnknown on_unknown) {
  switch (parts_.random->Below(5)) {
    case 0:
    case 1:
      return Put(who, part, std::move(on_unknown));
    case 2:
    case 3:
      return Read(who, part, std::move(on_unknown));
    default:
      return Transact(NewAttempt(who, std::move(on_unknown)), part);
  }
}

void UserRequests::Put(const Who& who, const KeyPart& part, OnUnknown on_unknown) {
  const KeyPart key = DrawKey(part);
  etcdserverpb::PutRequest request;
  request.set_key(key.key());
  request.set_value(NewValue());
  request.set_prev_kv(parts_.random->OneIn(4));
  Attempt attempt = NewAttempt(who, std::move(on_unknown));
  attempt.needs.written = key.places();
  if (request.prev_kv()) attempt.needs.read = key.places();
  Ask(std::move(attempt),
      {.path = "/etcdserverpb.KV/Put",
       .request = request.SerializeAsString(),
       .token = who.token.text,
       .values = {request.value()}},
      [this, key = request.key(), value = request.value()](const Attempt& by,
                                                           base::ByteView reply) {
        const auto response = Parsed<etcdserverpb::PutResponse>(reply);
        parts_.on_put(RevisionOf(response.header()), key, value);
        if (response.has_prev_kv()) CheckSeen(by, response.prev_kv());
      });
}

void UserRequests::PutAsRoot(const std::string& token, const KeyPart& part) {
  const std::string key = DrawKey(part).key();
  etcdserverpb::PutRequest request;
  request.set_key(key);
  request.set_value(NewValue());
  parts_.ask({.path = "/etcdserverpb.KV/Put",
              .request = request.SerializeAsString(),
              .token = token,
              .values = {request.value()}},
             [this, key, value = request.value()](const Client::Answer& answer) {
               if (!answer.status.ok()) return;
               const auto response = Parsed<etcdserverpb::PutResponse>(answer.reply);
               parts_.on_put(RevisionOf(response.header()), key, value);
             });
}

void UserRequests::Read(const Who& who, const KeyPart& part, OnUnknown on_unknown) {
  etcdserverpb::RangeRequest request;
  request.set_key(part.key());
  request.set_range_end(part.range_end());
  request.set_serializable(parts_.random->OneIn(3));
  Attempt attempt = NewAttempt(who, std::move(on_unknown));
  attempt.needs.read = part.places();
  attempt.may_be_behind = request.serializable();
  Ask(std::move(attempt),
      {.path = "/etcdserverpb.KV/Range",
       .request = request.SerializeAsString(),
       .token = who.token.text,
       .values = {}},
      [this](const Attempt& by, base::ByteView reply) {
        const auto response = Parsed<etcdserverpb::RangeResponse>(reply);
        for (const auto& kv : response.kvs()) CheckSeen(by, kv);
      });
}

// A put, maybe within other transactions, which maybe compare something else.
void UserRequests::Transact(Attempt attempt, const KeyPart& part) {
  const KeyPart key = DrawKey(part);
  etcdserverpb::TxnRequest request;
  etcdserverpb::TxnRequest* innermost = &request;
  for (uint64_t depth = parts_.random->Between(1, kDepthMax); depth > 1; --depth) {
    innermost = innermost->add_success()->mutable_request_txn();
  }
  attempt.needs.written = key.places();
  if (parts_.random->OneIn(3)) {
    const KeyPart other = DrawKey(part);
    auto* const compare = innermost->add_compare();
    compare->set_key(other.key());
    compare->set_target(etcdserverpb::Compare::VERSION);
    compare->set_result(etcdserverpb::Compare::GREATER);
    compare->set_version(-1);
    attempt.needs.read = other.places();
  }
  auto* const put = innermost->add_success()->mutable_request_put();
  put->set_key(key.key());
  put->set_value(NewValue());
  UserRequest asked{.path = "/etcdserverpb.KV/Txn",
                    .request = request.SerializeAsString(),
                    .token = attempt.who.token.text,
                    .values = {put->value()}};
  Ask(std::move(attempt), std::move(asked),
      [this, key = put->key(), value = put->value()](const Attempt&, base::ByteView reply) {
        const auto response = Parsed<etcdserverpb::TxnResponse>(reply);
        parts_.on_put(RevisionOf(response.header()), key, value);
      });
}

// The rights that count are those of the user, with whatever token he has begun it.
void UserRequests::Watch(const Who& who, const KeyPart& part) {
  if (watches_ == kWatchesMax) return;
  ++watches_;
  WatchRequest request;
  auto* const create = request.mutable_create_request();
  create->set_key(part.key());
  create->set_range_end(part.range_end());
  Attempt attempt = NewAttempt(who, [] {});
  attempt.needs.read = part.places();
  attempt.is_watch = true;
  parts_.open("/etcdserverpb.Watch/Watch", who.token.text, request.SerializeAsString(),
              {.on_message =
                   [this, attempt](rpc::ClientCall& call, base::ByteView message) {
                     const auto answer = Parsed<WatchResponse>(message);
                     if (answer.canceled()) return call.Cancel();
                     for (const mvccpb::Event& event : answer.events()) {
                       if (event.type() == mvccpb::Event::PUT) CheckSeen(attempt, event.kv());
                     }
                   },
               .on_end = [this] { --watches_; }});
}

void UserRequests::Ask(Attempt attempt, UserRequest request,
                       std::function<void(const Attempt& attempt, base::ByteView reply)> on_ok) {
  parts_.ask(std::move(request), [this, attempt = std::move(attempt),
                                  on_ok = std::move(on_ok)](const Client::Answer& answer) {
    if (answer.outcome != Outcome::kAnswered) return;
    if (!answer.status.ok()) return CheckRefusal(attempt, answer.status);
    if (!attempt.may_be_behind) CheckOk(attempt);
    on_ok(attempt, answer.reply);
  });
}

void UserRequests::CheckOk(const Attempt& attempt) {
  const runtime::TimePoint asked = attempt.asked;
  if (!facts_.IsEnabledSince(asked)) return;
  ++served_;
  if (!facts_.MayCount(attempt.who.token, asked)) {
    Fail(attempt.who, "was served for a token that does not count any more");
  }
  if (!facts_.MayAllow(attempt.who.user, attempt.needs, asked, parts_.clock->Now())) {
    Fail(attempt.who, "was served though he may not");
  }
}

void UserRequests::CheckRefusal(const Attempt& attempt, const base::Status& status) {
  if (status == base::errors::kInvalidAuthToken &&
      facts_.MayCount(attempt.who.token, parts_.clock->Now())) {
    return attempt.on_unknown();
  }
  if (status != base::errors::kPermissionDenied || attempt.may_be_behind) return;
  if (facts_.IsEnabledSince(attempt.asked)) ++denied_;
  if (!facts_.MustAllow(attempt.who.user, attempt.needs, attempt.asked, parts_.clock->Now())) {
    return;
  }
  Fail(attempt.who, "was refused though he may");
}

void UserRequests::CheckSeen(const Attempt& attempt, const mvccpb::KeyValue& kv) {
  parts_.on_seen(kv);
  const auto asked = asked_of_.find(kv.value());
  if (asked == asked_of_.end() || !facts_.IsEnabledSince(asked->second)) return;
  const Needs read{.read = attempt.needs.read};
  const bool is_known = attempt.is_watch || facts_.MayCount(attempt.who.token, asked->second);
  const bool may = facts_.MayAllow(attempt.who.user, read, asked->second, parts_.clock->Now());
  if (is_known && may) return;
  Fail(attempt.who, "was told of " + kv.key() + " at revision " +
                        std::to_string(kv.mod_revision()) +
                        ", which was written after he could read it");
}

void UserRequests::Fail(const Who& who, const std::string& what) const {
  parts_.checker->Fail(base::Status(base::Code::kInternal, who.user + " " + what));
}

}  // namespace sim
