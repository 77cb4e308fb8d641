#include "server/extensions.h"

#include <memory>
#include <utility>

#include "proto/raft_internal.pb.h"
#include "state/members/extensions.h"
#include "state/members/member.h"

namespace server {

Extensions::Extensions(const Options& options, const Environment& environment, const Parts& parts)
    : options_(options), environment_(environment), parts_(parts) {}

void Extensions::Enable(std::string name, OnEnabled on_enabled) {
  environment_.apply_loop->Post(
      [this, name = std::move(name), on_enabled = std::move(on_enabled)]() mutable {
        if (parts_.apply_loop->members().extensions().contains(name)) return on_enabled({});
        std::vector<OnEnabled>& waiting = waiting_[name];
        waiting.push_back(std::move(on_enabled));
        if (waiting.size() == 1) Ask(name);
      });
}

// Why once for all who wait: the first requests of many clients come at the same time, and members
// do not answer so many questions of one other.
void Extensions::Ask(const std::string& name) {
  auto told = [this, name](auto versions) {
    environment_.apply_loop->Post(
        [this, name, versions = std::move(versions)] { OnVersions(name, versions); });
  };
  if (environment_.transport == nullptr) {
    return told(std::map<base::MemberId, members::MemberVersions>());
  }
  environment_.transport->AskVersions(std::move(told));
}

void Extensions::End(const std::string& name, const base::Status& status) {
  for (OnEnabled& waiting : std::exchange(waiting_[name], {})) waiting(status);
}

void Extensions::OnVersions(const std::string& name,
                            const std::map<base::MemberId, members::MemberVersions>& versions) {
  const members::Membership& membership = parts_.apply_loop->members();
  etcdserverpb::ExtensionsSetRequest request;
  std::string lacking;
  for (const auto& [id, member] : membership.members()) {
    const auto told = versions.find(id);
    const bool understands = id == parts_.self        ? options_.extensions.contains(name)
                             : told != versions.end() ? told->second.extensions.contains(name)
                                                      : false;
    if (!understands) lacking += " " + members::HexText(id.value());
    request.add_member_ids(id.value());
  }
  if (!lacking.empty()) {
    return End(name, base::Status(base::Code::kFailedPrecondition,
                                  "not all members understand " + name + ":" + lacking));
  }
  for (const std::string& known : membership.extensions()) request.add_names(known);
  request.add_names(name);
  parts_.frontend->Propose(etcdserverpb::InternalRaftRequest::kExtensionsSetFieldNumber,
                           request.SerializeAsString(),
                           [this, name](const apply::Reply& reply) { End(name, reply.status); });
}

}  // namespace server
