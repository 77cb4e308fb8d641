#pragma once

#include <algorithm>
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

// As much of a store of keys and values as locks and elections ask for: transactions that compare
// create revisions, ranges by create revision, leases with their keys. On one loop.
class FakeKv {
 public:
  FakeKv(FakeStore* store, FakeLeases* leases) : store_(*store), leases_(*leases) {}
  FakeKv(const FakeKv&) = delete;
  FakeKv& operator=(const FakeKv&) = delete;

  const std::map<std::string, mvccpb::KeyValue>& pairs() const { return pairs_; }
  int deletions = 0;  // calls that ask for some
  int txns = 0;
  // What transactions are answered with when they are done; OK: with their answer.
  base::Status txn_answer;

  // Ends the lease, and deletes its keys.
  void Expire(int64_t lease) {
    leases_.ttls.erase(lease);
    std::vector<std::string> keys;
    for (const auto& [key, pair] : pairs_) {
      if (pair.lease() == lease) keys.push_back(key);
    }
    for (const std::string& key : keys) Delete(key);
  }

  void AddTo(rpc::Server* table) {
    AddMethod<etcdserverpb::RangeRequest>(table, "KV", "Range",
                                          [this](const auto& request) { return Range(request); });
    AddMethod<etcdserverpb::DeleteRangeRequest>(table, "KV", "DeleteRange", [this](const auto& r) {
      ++deletions;
      return DeleteRange(r);
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
      etcdserverpb::TxnRequest request;
      CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      ++txns;
      const etcdserverpb::TxnResponse answer = Txn(request);
      if (!txn_answer.ok()) return call->Finish(txn_answer);
      call->Reply(rpc::Message(answer.SerializeAsString()));
    });
  }

 private:
  template <typename Request, typename Serve>
  void AddMethod(rpc::Server* table, const std::string& service, const std::string& name,
                 Serve serve) {
    table->AddUnary("etcdserverpb." + service, name, [serve](auto call, base::ByteView bytes) {
      Request request;
      CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      call->Reply(rpc::Message(serve(request).SerializeAsString()));
    });
  }

  etcdserverpb::RangeResponse Range(const etcdserverpb::RangeRequest& request) const {
    etcdserverpb::RangeResponse answer;
    answer.mutable_header()->set_revision(store_.revision());
    std::vector<mvccpb::KeyValue> found;
    for (const auto& [key, pair] : pairs_) {
      const bool in_range = request.range_end().empty()
                                ? key == request.key()
                                : key >= request.key() && key < request.range_end();
      const int64_t max = request.max_create_revision();
      if (in_range && (max == 0 || pair.create_revision() <= max)) found.push_back(pair);
    }
    const bool descends = request.sort_order() == etcdserverpb::RangeRequest::DESCEND;
    std::sort(found.begin(), found.end(), [descends](const auto& a, const auto& b) {
      return descends ? a.create_revision() > b.create_revision()
                      : a.create_revision() < b.create_revision();
    });
    if (request.limit() > 0 && found.size() > static_cast<size_t>(request.limit())) {
      found.resize(static_cast<size_t>(request.limit()));
    }
    for (const mvccpb::KeyValue& pair : found) *answer.add_kvs() = pair;
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
    pair.set_create_revision(before == pairs_.end() ? pair.mod_revision()
                                                    : before->second.create_revision());
    pairs_[request.key()] = pair;
    store_.Change(event);
  }

  bool Delete(const std::string& key) {
    if (pairs_.erase(key) == 0) return false;
    mvccpb::Event event;
    event.set_type(mvccpb::Event::DELETE);
    event.mutable_kv()->set_key(key);
    event.mutable_kv()->set_mod_revision(store_.revision() + 1);
    store_.Change(event);
    return true;
  }

  etcdserverpb::DeleteRangeResponse DeleteRange(const etcdserverpb::DeleteRangeRequest& request) {
    etcdserverpb::DeleteRangeResponse answer;
    CHECK(request.range_end().empty());
    answer.set_deleted(Delete(request.key()) ? 1 : 0);
    answer.mutable_header()->set_revision(store_.revision());
    return answer;
  }

  etcdserverpb::TxnResponse Txn(const etcdserverpb::TxnRequest& request) {
    etcdserverpb::TxnResponse answer;
    answer.set_succeeded(true);
    for (const etcdserverpb::Compare& compare : request.compare()) {
      CHECK(compare.target() == etcdserverpb::Compare::CREATE);
      CHECK(compare.result() == etcdserverpb::Compare::EQUAL);
      const auto pair = pairs_.find(compare.key());
      const int64_t created = pair == pairs_.end() ? 0 : pair->second.create_revision();
      if (created != compare.create_revision()) answer.set_succeeded(false);
    }
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
    answer.mutable_header()->set_revision(store_.revision());
    return answer;
  }

  FakeStore& store_;
  FakeLeases& leases_;
  std::map<std::string, mvccpb::KeyValue> pairs_;
  int64_t last_lease_ = 0x694d81417acd4700;
};

}  // namespace client::testing
