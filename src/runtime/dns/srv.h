#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/time.h"

namespace runtime::dns {

// Where a service is offered.
struct SrvRecord {
  std::string target;  // a host name without the dot at its end
  uint16_t port = 0;
  uint16_t priority = 0;
  uint16_t weight = 0;

  friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

// The SRV records of "_service._proto.domain".
using LookupSrvFn = std::function<base::Result<std::vector<SrvRecord>>(const std::string& name)>;

inline constexpr Duration kLookupTimeout = std::chrono::seconds(10);
// Of one name; of a longer answer those of the first priorities.
inline constexpr size_t kSrvRecordsMax = 256;

// Asks the name servers that the system names in /etc/resolv.conf, by UDP, and by TCP for an answer
// that does not fit into a packet. Waits, `timeout` at most: never on a loop. In the order of their
// priorities, those of one priority by falling weight; records whose target is no host name, which
// anybody may have put there, are left out.
//
// In Go's words: kNotFound for a name without such records, kDeadlineExceeded, and kUnavailable for
// servers that refuse, fail or answer nonsense.
base::Result<std::vector<SrvRecord>> LookupSrv(const std::string& name,
                                               Duration timeout = kLookupTimeout);

// Reads the records out of an answer's packet, as LookupSrv returns them. kDataLoss for bytes that
// are no answer.
base::Result<std::vector<SrvRecord>> ParseSrvAnswer(std::string_view packet);

}  // namespace runtime::dns
