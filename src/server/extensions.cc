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
  runtime::Loop* const loop = environment_.apply_loop;
  loop->Post([this, loop, name = std::move(name), on_enabled = std::move(on_enabled)]() mutable {
    if (parts_.apply_loop->members().extensions().contains(name)) return on_enabled({});
    auto told = [this, loop, name,
                 held = std::make_shared<OnEnabled>(std::move(on_enabled))](auto versions) {
      loop->Post([this, name, held, versions = std::move(versions)] {
        OnVersions(name, versions, std::move(*held));
      });
    };
    if (environment_.transport == nullptr) {
      return told(std::map<base::MemberId, members::MemberVersions>());
    }
    environment_.transport->AskVersions(std::move(told));
  });
}

void Extensions::OnVersions(const std::string& name,
                            const std::map<base::MemberId, members::MemberVersions>& versions,
                            OnEnabled on_enabled) {
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
    return on_enabled(base::Status(base::Code::kFailedPrecondition,
                                   "not all members understand " + name + ":" + lacking));
  }
  for (const std::string& known : membership.extensions()) request.add_names(known);
  request.add_names(name);
  parts_.frontend->Propose(etcdserverpb::InternalRaftRequest::kExtensionsSetFieldNumber,
                           request.SerializeAsString(),
                           [on_enabled = std::move(on_enabled)](const apply::Reply& reply) mutable {
                             on_enabled(reply.status);
                           });
}

}  // namespace server
