#include "ctl/measured_puts.h"

#include <chrono>
#include <cstring>

#include "runtime/posix/clock.h"
#include "runtime/random.h"

namespace ctl {
namespace {

// What takes longer has failed.
const etcd::CallOptions kOfPut{.timeout = std::chrono::seconds(30)};

}  // namespace

MeasuredCalls::Begin PutsBy(const Clients* clients, const std::string& prefix,
                            const PutSizes& sizes) {
  const auto random = std::make_shared<runtime::Random>(runtime::posix::EntropySeed());
  return
      [clients, prefix, sizes, random](size_t client, uint64_t, const MeasuredCalls::Ended& ended) {
        std::string key(sizes.key, '\0');
        const uint64_t number = random->Next();
        std::memcpy(key.data(), &number, sizeof number);
        (*clients)[client]->Put({.key = prefix + key, .value = std::string(sizes.value, '\0')},
                                kOfPut, [ended](const etcd::Result<etcd::PutResponse>& put) {
                                  ended(put.ok() ? "" : put.status().ToString());
                                });
      };
}

LoadReport ReportOf(const MeasuredCalls& puts) {
  const CallResults results = puts.results().front();
  return {.done = results.latencies.count(),
          .errors = results.errors,
          .seconds = puts.seconds(),
          .slowest = std::chrono::duration<double>(results.latencies.largest()).count(),
          .deviation = results.latencies.DeviationSeconds()};
}

}  // namespace ctl
