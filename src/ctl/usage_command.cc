#include "ctl/usage_command.h"

#include <etcd/usage.h>

#include <algorithm>
#include <limits>

#include "ctl/connection.h"

namespace ctl {

Outcome RunUsage(const Invocation& invocation) {
  const auto& arguments = invocation.arguments;
  if (arguments.size() > 1) {
    return Failed(kExitBadArguments, "du command accepts at most one prefix as its argument");
  }
  etcd::UsageRequest request;
  if (!arguments.empty()) request.prefix = arguments[0];
  request.delimiter = invocation.flags.GetString("delimiter");
  // What is too much for a member is refused by it.
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  request.limit = static_cast<uint32_t>(std::min(invocation.flags.GetUint("limit"), kMost));
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = etcd::Usage(connection.client.get()).Of(request, connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->Usage(*response);
}

}  // namespace ctl
