#include "bench/target_leader.h"

#include <etcd/client.h>

#include <memory>
#include <string>

namespace bench {

cli::Outcome AimAtLeader(const cli::Invocation& invocation, const Control& control, Setup* setup) {
  if (!invocation.flags.GetBool("target-leader")) return {};
  const auto client = etcd::Client::New(setup->client);
  if (!client.ok()) return Refuse(invocation, "dial error: " + client.status().ToString());
  const etcd::CallOptions call{.timeout = setup->dial_timeout, .cancellation = control.handle()};
  const auto members = (*client)->MemberList({}, call);
  if (!members.ok()) {
    cli::PrintCause(invocation.err, members.status().cause());
    return Refuse(invocation, "failed to get a member list: " + members.status().ToString());
  }
  uint64_t leader = 0;
  for (const std::string& endpoint : setup->client.endpoints) {
    const auto status = (*client)->MemberStatus(endpoint, call);
    if (!status.ok()) continue;
    leader = status->leader;
    break;
  }
  for (const etcd::Member& member : members->members) {
    if (member.id == leader) return SetEndpoints(invocation, member.client_urls, setup);
  }
  return Refuse(invocation, "failed to find a leader endpoint");
}

}  // namespace bench
