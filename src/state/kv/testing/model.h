#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "proto/rpc.pb.h"

namespace kv {

// The plainest store that answers requests as etcd does: all pairs of every revision. Requests were
// checked; leases are those of `leases`.
class Model {
 public:
  using Pairs = std::map<std::string, mvccpb::KeyValue>;

  explicit Model(std::set<int64_t> leases) : leases_(std::move(leases)) {}

  int64_t revision() const { return static_cast<int64_t>(states_.size()); }
  int64_t compacted() const { return compacted_; }
  const Pairs& pairs() const { return states_.back(); }

  // Each fills in what is answered, without the header of the outermost response.
  base::Status Range(const etcdserverpb::RangeRequest& request,
                     etcdserverpb::RangeResponse* response) const;
  base::Status Put(const etcdserverpb::PutRequest& request, etcdserverpb::PutResponse* response);
  void DeleteRange(const etcdserverpb::DeleteRangeRequest& request,
                   etcdserverpb::DeleteRangeResponse* response);
  base::Status Txn(const etcdserverpb::TxnRequest& request, etcdserverpb::TxnResponse* response);
  void Compact(int64_t revision) { compacted_ = revision; }

 private:
  // A write request under way: what it has changed so far.
  struct Writing {
    Pairs pairs;
    bool changed = false;
  };

  int64_t RevisionOf(const Writing& writing) const { return revision() + writing.changed; }
  bool Holds(const etcdserverpb::Compare& compare) const;
  bool AllHold(const etcdserverpb::TxnRequest& request) const;
  base::Status CheckPut(const etcdserverpb::PutRequest& request) const;
  base::Status CheckBranch(const etcdserverpb::TxnRequest& request) const;
  void Run(const etcdserverpb::TxnRequest& request, Writing* writing,
           etcdserverpb::TxnResponse* response) const;
  void RunRange(const etcdserverpb::RangeRequest& request, const Pairs& newest,
                etcdserverpb::RangeResponse* response) const;
  void RunPut(const etcdserverpb::PutRequest& request, Writing* writing,
              etcdserverpb::PutResponse* response) const;
  static void RunDeleteRange(const etcdserverpb::DeleteRangeRequest& request, Writing* writing,
                             etcdserverpb::DeleteRangeResponse* response);
  void Finish(Writing writing);

  const std::set<int64_t> leases_;
  std::vector<Pairs> states_ = {{}};  // of revision 1 on
  int64_t compacted_ = -1;
};

}  // namespace kv
