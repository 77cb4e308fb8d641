#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "client/testing/fake_leases.h"
#include "client/testing/fake_store.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"

namespace client::testing {

// As much of a store of keys and values as what is built on it asks for: transactions of puts,
// deletions of one key and ranges, comparisons of numbers, ranges in any order and of the past,
// leases with their keys. On one loop.
class FakeKv {
 public:
  FakeKv(FakeStore* store, FakeLeases* leases) : store_(*store), leases_(*leases) {}
  FakeKv(const FakeKv&) = delete;
  FakeKv& operator=(const FakeKv&) = delete;

  const std::map<std::string, mvccpb::KeyValue>& pairs() const { return pairs_; }
  int ranges = 0;  // calls
  int txns = 0;
  // Runs before each transaction, when it is counted.
  std::function<void()> before_txn;
  // No comparison holds.
  bool fails_compares = false;
  // What transactions are answered with when they are done; OK: with their answer.
  base::Status txn_answer;
  // They are answered with kTimeout at once, and done by DoWhatIsLate.
  bool is_late = false;

  void DoWhatIsLate() {
    for (const etcdserverpb::TxnRequest& request : std::exchange(late_, {})) (void)Txn(request);
  }
  // As somebody else does it: one revision each.
  void PutOne(const std::string& key, const std::string& value) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    Put(request);
    Commit();
  }
  void DeleteOne(const std::string& key) {
    Delete(key);
    Commit();
  }
  // Ends the lease, and deletes its keys.
  void Expire(int64_t lease) {
    leases_.ttls.erase(lease);
    std::vector<std::string> keys;
    for (const auto& [key, pair] : pairs_) {
      if (pair.lease() == lease) keys.push_back(key);
    }
    for (const std::string& key : keys) Delete(key);
    Commit();
  }
  // What was before now cannot be read any more.
  void ForgetPast() { past_.clear(); }

  void AddTo(rpc::Server* table) {
    table->AddUnary("etcdserverpb.KV", "Range", [this](auto call, base::ByteView bytes) {
      const auto request = Parsed<etcdserverpb::RangeRequest>(bytes);
      ++ranges;
      if (request.revision() != 0 && Pairs(request.revision()) == nullptr) {
        return call->Finish(base::errors::kCompacted);
      }
      call->Reply(rpc::Message(Range(request).SerializeAsString()));
    });
    AddMethod<etcdserverpb::PutRequest>(table, "KV", "Put", [this](const auto& request) {
      Put(request);
      Commit();
      etcdserverpb::PutResponse answer;
      answer.mutable_header()->set_revision(store_.revision());
      return answer;
    });
    AddMethod<etcdserverpb::DeleteRangeRequest>(table, "KV", "DeleteRange", [this](const auto& r) {
      etcdserverpb::DeleteRangeResponse answer = DeleteRange(r);
      Commit();
      answer.mutable_header()->set_revision(store_.revision());
      return answer;
    });
    AddMethod<etcdserverpb::LeaseGrantRequest>(table, "Lease", "LeaseGrant", [this](const auto& r) {
      etcdserverpb::LeaseGrantResponse answer;
      answer.set_id(++last_lease_);
      answer.set_ttl(r.ttl());
      leases_.ttls[answer.id()] = r.ttl();
      return answer;
    });
    AddMethod<etcdserverpb::LeaseRevokeRequest>(table, "Lease", "LeaseRevoke",
                                                [this](const auto& request) {
                                                  Expire(request.id());
                                                  return etcdserverpb::LeaseRevokeResponse();
                                                });
    table->AddUnary("etcdserverpb.KV", "Txn", [this](auto call, base::ByteView bytes) {
      const auto request = Parsed<etcdserverpb::TxnRequest>(bytes);
      ++txns;
      if (before_txn) before_txn();
      if (is_late) {
        late_.push_back(request);
        return call->Finish(base::errors::kTimeout);
      }
      const etcdserverpb::TxnResponse answer = Txn(request);
      if (!txn_answer.ok()) return call->Finish(txn_answer);
      call->Reply(rpc::Message(answer.SerializeAsString()));
    });
  }

 private:
  using PairMap = std::map<std::string, mvccpb::KeyValue>;

  template <typename Request>
  static Request Parsed(base::ByteView bytes) {
    Request request;
    CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    return request;
  }
  template <typename Request, typename Serve>
  void AddMethod(rpc::Server* table, const std::string& service, const std::string& name,
                 Serve serve) {
    table->AddUnary("etcdserverpb." + service, name, [serve](auto call, base::ByteView bytes) {
      call->Reply(rpc::Message(serve(Parsed<Request>(bytes)).SerializeAsString()));
    });
  }

  // As they were at this revision; nothing if that cannot be read any more.
  const PairMap* Pairs(int64_t revision) const {
    if (revision == 0 || revision == store_.revision()) return &pairs_;
    const auto found = past_.find(revision);
    return found == past_.end() ? nullptr : &found->second;
  }

  static int64_t SortNumber(const etcdserverpb::RangeRequest& request,
                            const mvccpb::KeyValue& pair) {
    switch (request.sort_target()) {
      case etcdserverpb::RangeRequest::CREATE:
        return pair.create_revision();
      case etcdserverpb::RangeRequest::MOD:
        return pair.mod_revision();
      default:
        return 0;  // they are in the order of their keys
    }
  }

  etcdserverpb::RangeResponse Range(const etcdserverpb::RangeRequest& request) const {
    etcdserverpb::RangeResponse answer;
    answer.mutable_header()->set_revision(store_.revision());
    std::vector<mvccpb::KeyValue> found;
    for (const auto& [key, pair] : *Pairs(request.revision())) {
      const bool in_range = request.range_end().empty()
                                ? key == request.key()
                                : key >= request.key() && key < request.range_end();
      const int64_t max = request.max_create_revision();
      if (in_range && (max == 0 || pair.create_revision() <= max)) found.push_back(pair);
    }
    if (request.sort_order() == etcdserverpb::RangeRequest::DESCEND) {
      std::reverse(found.begin(), found.end());
    }
    std::stable_sort(found.begin(), found.end(), [&request](const auto& a, const auto& b) {
      const int64_t first = SortNumber(request, a);
      const int64_t second = SortNumber(request, b);
      return request.sort_order() == etcdserverpb::RangeRequest::DESCEND ? first > second
                                                                         : first < second;
    });
    if (request.limit() > 0 && found.size() > static_cast<size_t>(request.limit())) {
      found.resize(static_cast<size_t>(request.limit()));
    }
    for (mvccpb::KeyValue& pair : found) {
      if (request.keys_only()) pair.clear_value();
      *answer.add_kvs() = std::move(pair);
    }
    return answer;
  }

  void Put(const etcdserverpb::PutRequest& request) {
    const auto before = pairs_.find(request.key());
    mvccpb::Event event;
    mvccpb::KeyValue& pair = *event.mutable_kv();
    pair.set_key(request.key());
    pair.set_value(request.value());
    pair.set_lease(request.lease());
    pair.set_mod_revision(store_.revision() + 1);
    const bool is_new = before == pairs_.end();
    pair.set_create_revision(is_new ? pair.mod_revision() : before->second.create_revision());
    pair.set_version(is_new ? 1 : before->second.version() + 1);
    Change(event);
    pairs_[request.key()] = pair;
  }

  void Delete(const std::string& key) {
    mvccpb::Event event;
    event.set_type(mvccpb::Event::DELETE);
    event.mutable_kv()->set_key(key);
    event.mutable_kv()->set_mod_revision(store_.revision() + 1);
    Change(event);
    pairs_.erase(key);
  }

  etcdserverpb::DeleteRangeResponse DeleteRange(const etcdserverpb::DeleteRangeRequest& request) {
    etcdserverpb::DeleteRangeResponse answer;
    CHECK(request.range_end().empty());
    const auto pair = pairs_.find(request.key());
    if (pair == pairs_.end()) return answer;
    answer.set_deleted(1);
    if (request.prev_kv()) *answer.add_prev_kvs() = pair->second;
    Delete(request.key());
    return answer;
  }

  // Of the revision that Commit makes.
  void Change(const mvccpb::Event& event) {
    if (changes_.empty()) past_[store_.revision()] = pairs_;
    changes_.push_back(event);
  }
  void Commit() {
    if (!changes_.empty()) store_.Change(std::exchange(changes_, {}));
  }

  bool Holds(const etcdserverpb::Compare& compare) const {
    CHECK(compare.range_end().empty());
    if (fails_compares) return false;
    const auto found = pairs_.find(compare.key());
    const mvccpb::KeyValue pair = found == pairs_.end() ? mvccpb::KeyValue() : found->second;
    int64_t is = 0;
    int64_t asked = 0;
    switch (compare.target()) {
      case etcdserverpb::Compare::VERSION:
        is = pair.version();
        asked = compare.version();
        break;
      case etcdserverpb::Compare::CREATE:
        is = pair.create_revision();
        asked = compare.create_revision();
        break;
      case etcdserverpb::Compare::MOD:
        is = pair.mod_revision();
        asked = compare.mod_revision();
        break;
      default:
        CHECK(false);
    }
    switch (compare.result()) {
      case etcdserverpb::Compare::EQUAL:
        return is == asked;
      case etcdserverpb::Compare::LESS:
        return is < asked;
      default:
        CHECK(false);
    }
    return false;
  }

  etcdserverpb::TxnResponse Txn(const etcdserverpb::TxnRequest& request) {
    etcdserverpb::TxnResponse answer;
    answer.set_succeeded(std::all_of(request.compare().begin(), request.compare().end(),
                                     [this](const auto& compare) { return Holds(compare); }));
    for (const auto& operation : answer.succeeded() ? request.success() : request.failure()) {
      etcdserverpb::ResponseOp& done = *answer.add_responses();
      if (operation.has_request_put()) {
        Put(operation.request_put());
        done.mutable_response_put();
      } else if (operation.has_request_delete_range()) {
        *done.mutable_response_delete_range() = DeleteRange(operation.request_delete_range());
      } else {
        *done.mutable_response_range() = Range(operation.request_range());
      }
    }
    Commit();
    answer.mutable_header()->set_revision(store_.revision());
    return answer;
  }

  FakeStore& store_;
  FakeLeases& leases_;
  PairMap pairs_;
  std::map<int64_t, PairMap> past_;  // by revision, as it was then
  std::vector<mvccpb::Event> changes_;
  std::vector<etcdserverpb::TxnRequest> late_;
  int64_t last_lease_ = 0x694d81417acd4700;
};

}  // namespace client::testing
