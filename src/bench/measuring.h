#pragma once

#include "bench/control.h"
#include "bench/fleet.h"
#include "bench/measurement.h"
#include "bench/run.h"
#include "bench/setup.h"
#include "cli/command.h"
#include "net/rpc/message.h"

namespace bench {

// What a command is given to measure with.
struct Measuring {
  const cli::Invocation& invocation;
  const Setup& setup;
  Control* control;
  Measurement* result;

  const cli::Flags& flags() const { return invocation.flags; }
};

// Makes the connections and waits for them; prints why not.
cli::Outcome Open(const Measuring& measuring, size_t connections, size_t threads,
                  std::unique_ptr<Fleet>* fleet);
// A call that is waited for, by way of the fleet's first connection.
template <typename Reply, typename Request>
cli::Outcome Ask(const Measuring& measuring, Fleet* fleet, const char* path, const Request& request,
                 Reply* reply) {
  const base::Result<base::Bytes> answer =
      fleet->Ask(0, path, request.SerializeAsString(), measuring.control);
  if (!answer.ok()) return Refuse(measuring.invocation, ErrorText(answer.status()));
  if (!reply->ParseFromString(*answer)) return Refuse(measuring.invocation, "an answer is damaged");
  return {};
}

// Null if nobody looks. `total` may be kUnknownTotal.
std::unique_ptr<Progress> NewProgress(const Measuring& measuring, Fleet* fleet, uint64_t total);

// Adds what this process takes of the processor, from now until it is destroyed.
class CpuMeter {
 public:
  explicit CpuMeter(double* seconds);
  ~CpuMeter();
  CpuMeter(const CpuMeter&) = delete;
  CpuMeter& operator=(const CpuMeter&) = delete;

 private:
  double* const seconds_;
  const double before_;
};

// Runs it over the connections, as the setup says, and keeps what it took of the processor.
// `options.load` has how many of
// what, by how many clients, at what rate.
RunResult RunMeasured(const Measuring& measuring, Fleet* fleet, RunOptions options);
// The same of a command whose requests are of one kind, under its own name.
void MeasureOneKind(const Measuring& measuring, Fleet* fleet, RunOptions options,
                    const std::string& after);

// Rate and number of requests and clients, as the flags say.
cli::Outcome ReadLoad(const Measuring& measuring, LoadOptions* load);

// The size of keys, in which there must be room for so many.
cli::Outcome ReadKeySize(const Measuring& measuring, uint64_t key_space, size_t* size);

// A message on its way, encoded in place.
template <typename Proto>
rpc::Message Encode(const Proto& proto) {
  rpc::Message message(proto.ByteSizeLong());
  proto.SerializeWithCachedSizesToArray(message.data());
  return message;
}

}  // namespace bench
