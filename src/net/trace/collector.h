#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/status.h"
#include "net/http/tls_context.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace trace {

// Who takes batches, over the network. On one loop; not destroyed inside of `done`.
class Collector {
 public:
  struct Outcome {
    enum class Kind : uint8_t {
      kTaken,    // `response` says more
      kAway,     // it may take the same later
      kRefused,  // it never will
    };
    Kind kind = Kind::kTaken;
    base::Bytes response;
    base::Status why;  // unless kTaken
  };
  using Done = base::Callback<void(Outcome outcome)>;

  virtual ~Collector() = default;
  // Sends an ExportTraceServiceRequest; one at a time. `done` runs once, not before this returns;
  // never, if the collector is destroyed before: not inside of that either.
  virtual void Send(const base::Bytes& request, Done done) = 0;
};

// What they need. All outlive the collector.
struct CollectorParts {
  runtime::Loop* loop;
  runtime::Network* network;
  runtime::Address address;
  uint64_t seed = 0;  // of chance in what is tried again
};

// No answer in that time is as if there were none.
inline constexpr runtime::Duration kSendTimeout = std::chrono::seconds(10);
// An answer that is longer is not looked at.
inline constexpr size_t kAnswerBytesMax = 64 * 1024;

// By gRPC, without TLS, as etcd speaks to its collector.
std::unique_ptr<Collector> NewGrpcCollector(const CollectorParts& parts);

// By POST to `path`; with TLS unless `tls` is null.
std::unique_ptr<Collector> NewHttpCollector(const CollectorParts& parts, std::string path,
                                            std::shared_ptr<const http::TlsContext> tls);

}  // namespace trace
