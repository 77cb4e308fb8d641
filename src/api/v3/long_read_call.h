#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "api/v3/stream_call.h"
#include "state/kv/long_reads.h"

namespace v3 {

// A call that reads in steps: what takes several of them needs a place among the long reads of its
// loop, and waits for one without a pin.
class LongReadCall : public StreamCall {
 protected:
  LongReadCall(const Context* context, std::shared_ptr<kv::LongReads> long_reads, Call call)
      : StreamCall(context, std::move(call)), long_reads_(std::move(long_reads)) {}

  // Lets go of what is read, before a wait for a place.
  virtual void Release() = 0;
  // Of the call and its request, while it waits.
  virtual size_t KeptBytes() const = 0;

  // Goes on with another step if there is a place, or else waits for one.
  Next ReadOn();
  // Whether another step would have to wait.
  bool MustWait() const { return !place_.has_value() && long_reads_->is_full(); }
  bool has_place() const { return place_.has_value(); }
  void DropPlace() { place_.reset(); }

 private:
  void OnPlace(std::optional<kv::LongReads::Place> place);

  const std::shared_ptr<kv::LongReads> long_reads_;
  std::optional<kv::LongReads::Place> place_;
};

}  // namespace v3
