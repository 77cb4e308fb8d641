#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "api/admission/meters.h"
#include "api/v3/counting.h"
#include "base/bytes.h"
#include "net/rpc/server_call.h"
#include "server/frontend.h"
#include "state/auth/key_range.h"

namespace v3 {

class Context;

// Asks the cluster's admission rules whether a request may come in now: the one place where that is
// asked. While there are no rules it costs a look at that. Belongs to its loop.
class Admission {
 public:
  // Both outlive this.
  Admission(server::Frontend* frontend, admission::Meters* meters)
      : frontend_(*frontend), meters_(*meters) {}

  // Counts a message of the client, if it counts. False, with the call refused, if it comes too
  // early: kResourceExhausted, and in the trailers after how many milliseconds it may come again
  // (`grpc-retry-pushback-ms`, gRPC's own name for that). Needs call.is_open().
  bool Admit(const Context& context, rpc::ServerCall& call, const Counting& counting,
             base::ByteView message) const;
  // The same of a request of a stream that says itself what is refused. What it is answered does
  // not count.
  std::optional<admission::Refusal> Take(const Context& context, rpc::ServerCall& call,
                                         const std::vector<auth::KeyRange>& keys,
                                         size_t bytes) const;

 private:
  bool IsOff() const { return frontend_.rules()->empty() && !meters_.has_meters(); }
  std::optional<admission::Refusal> Take(const Context& context, rpc::ServerCall& call,
                                         std::vector<auth::KeyRange> keys, size_t bytes,
                                         admission::Charged* charged) const;

  server::Frontend& frontend_;
  admission::Meters& meters_;
};

// What a refused caller is told of when to come back, rounded up.
std::chrono::milliseconds WaitOf(const admission::Refusal& refusal);

}  // namespace v3
