#pragma once

#include <cstdint>
#include <string>

#include "proto/rpc.pb.h"
#include "runtime/random.h"

namespace kv {

// Requests with every option, over so few keys that they collide. Most are fine, some are refused.
class RandomRequests {
 public:
  explicit RandomRequests(uint64_t seed) : random_(seed) {}

  runtime::Random& random() { return random_; }
  // Revisions that requests name are about up to this one.
  void SetRevision(int64_t revision) { revision_ = revision; }

  etcdserverpb::RangeRequest Range();
  etcdserverpb::PutRequest Put();
  etcdserverpb::DeleteRangeRequest DeleteRange();
  // With transactions inside it, `depth` levels at most.
  etcdserverpb::TxnRequest Txn(int depth, bool read_only = false);
  etcdserverpb::Compare Compare();
  int64_t Revision();

 private:
  std::string Key();
  std::string RangeEnd();
  std::string Value();
  int64_t Lease();
  void FillOp(int depth, bool read_only, etcdserverpb::RequestOp* op);

  runtime::Random random_;
  int64_t revision_ = 1;
};

}  // namespace kv
