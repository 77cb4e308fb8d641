#pragma once

#include <memory>

#include "api/v3/service.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"
#include "state/kv/held_pins.h"
#include "state/kv/long_reads.h"

namespace v3 {

// etcdserverpb.KV of one net loop: what is wrong with a request is said here; reads are served
// here, writes go to the log.
class KvService {
 public:
  // `context` outlives this.
  explicit KvService(const Context* context);
  ~KvService();

  void AddTo(rpc::Server& table);

  // Of all that reads on the loop; closed when this ends.
  const std::shared_ptr<kv::LongReads>& long_reads() const { return long_reads_; }

 private:
  void Range(Call call, base::ByteView bytes);
  void Put(Call call, base::ByteView bytes);
  void DeleteRange(Call call, base::ByteView bytes);
  void Txn(Call call, base::ByteView bytes);
  void Compact(Call call, base::ByteView bytes);

  template <typename Read, typename Request>
  class ReadCall;

  const Context& context_;
  const std::shared_ptr<kv::LongReads> long_reads_ = std::make_shared<kv::LongReads>();
  const std::shared_ptr<kv::HeldPins> held_pins_;
  etcdserverpb::PutRequest put_;  // the one being checked; here so that its memory is used again
};

}  // namespace v3
