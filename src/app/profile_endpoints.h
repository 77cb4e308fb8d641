#pragma once

#include <memory>

#include "net/http/plain.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/workers.h"

namespace app {

// /debug/pprof, in the formats that pprof reads: `profile`, where processor time goes; `heap`, how
// much malloc has; `cmdline`, `symbol`. Those of Go's that need its runtime are answered 501. Work
// is done by workers, and one profile of processor time is made at a time in the process. Belongs
// to a loop.
class ProfileEndpoints {
 public:
  // All outlive this; answers may be on their way to `loop` as long as it runs.
  ProfileEndpoints(runtime::Disk* disk, runtime::Loop* loop, runtime::Workers* workers);
  // Ends the profile that is made for one of its clients.
  ~ProfileEndpoints();

  void AddTo(http::PlainService& service);

 private:
  struct Sampling;

  void ServeIndex(const http::PlainRequest& request, http::Responder responder);
  void ServeProfile(const http::PlainRequest& request, http::Responder responder);
  void ServeHeap(http::Responder responder);
  void ServeCommandLine(http::Responder responder);
  void ServeSymbol(const http::PlainRequest& request, http::Responder responder);
  void Tick();
  void EndSampling();
  // Has a worker make the answer.
  void Answer(http::Responder responder, base::Callback<http::PlainResponse()> make);

  runtime::Disk& disk_;
  runtime::Loop& loop_;
  runtime::Workers& workers_;
  std::unique_ptr<Sampling> sampling_;  // null unless a profile is made
};

}  // namespace app
