#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "proto/rpc.pb.h"

namespace kv {

// What the requests mean, in the plainest way: every revision is a map of all its keys, answers are
// messages, nothing is shared with the code under test. Requests were checked.
class Model {
 public:
  using Keys = std::map<std::string, mvccpb::KeyValue>;

  explicit Model(std::set<int64_t> leases) : leases_(std::move(leases)) {}

  int64_t revision() const { return revisions_.rbegin()->first; }
  int64_t compacted() const { return compacted_; }
  // Those that have a lease, with it.
  std::map<std::string, int64_t> Attached() const;

  // Each answer's header has the revision alone.
  base::Result<etcdserverpb::RangeResponse> Range(const etcdserverpb::RangeRequest& request) const;
  base::Result<etcdserverpb::PutResponse> Put(const etcdserverpb::PutRequest& request);
  base::Result<etcdserverpb::DeleteRangeResponse> DeleteRange(
      const etcdserverpb::DeleteRangeRequest& request);
  base::Result<etcdserverpb::TxnResponse> Txn(const etcdserverpb::TxnRequest& request);
  base::Status Compact(int64_t revision);

 private:
  // A request under way: the keys as it has made them, and whether it has changed any.
  struct Work {
    Keys keys;
    bool changed = false;
    int64_t revision = 0;  // that its changes have
  };

  Work Begin() const { return {revisions_.rbegin()->second, false, revision() + 1}; }
  void End(Work work);
  int64_t HeaderOf(const Work& work) const { return work.changed ? work.revision : revision(); }

  base::Status CheckRevision(int64_t wanted, bool in_txn) const;
  base::Status CheckPut(const etcdserverpb::PutRequest& request) const;
  base::Status CheckBranch(const etcdserverpb::TxnRequest& request) const;
  bool Holds(const etcdserverpb::Compare& compare) const;
  bool Succeeds(const etcdserverpb::TxnRequest& request) const;

  static etcdserverpb::RangeResponse RangeIn(const Keys& keys,
                                             const etcdserverpb::RangeRequest& request);
  static etcdserverpb::PutResponse PutIn(const etcdserverpb::PutRequest& request, Work* work);
  etcdserverpb::DeleteRangeResponse DeleteIn(const etcdserverpb::DeleteRangeRequest& request,
                                             Work* work) const;
  etcdserverpb::TxnResponse TxnIn(const etcdserverpb::TxnRequest& request, Work* work) const;

  const std::set<int64_t> leases_;
  std::map<int64_t, Keys> revisions_ = {{1, {}}};
  int64_t compacted_ = -1;
};

}  // namespace kv
