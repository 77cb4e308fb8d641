#include "server/founding.h"

#include <algorithm>
#include <string>
#include <utility>

#include "raft/codec.h"

namespace server {

base::Result<Founding> FoundCluster(const Options& options) {
  Founding founding;
  std::vector<base::MemberId> ids;
  for (const InitialMember& initial : options.initial_cluster) {
    members::Member member{
        .id = members::InitialMemberId(initial.peer_urls, options.initial_cluster_token),
        .peer_urls = initial.peer_urls,
        .name = initial.name,
        .client_urls = {}};
    std::sort(member.peer_urls.begin(), member.peer_urls.end());
    if (initial.name == options.name) founding.self = member.id;
    ids.push_back(member.id);
    founding.members.push_back(std::move(member));
  }
  if (founding.self == base::MemberId()) {
    return base::Status(base::Code::kFailedPrecondition, "couldn't find local name \"" +
                                                             options.name +
                                                             "\" in the initial cluster "
                                                             "configuration");
  }
  std::sort(founding.members.begin(), founding.members.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  founding.cluster = members::InitialClusterId(std::move(ids));
  return founding;
}

std::vector<raft::Entry> FoundingEntries(const Founding& founding) {
  std::vector<raft::Entry> entries;
  for (const members::Member& member : founding.members) {
    base::Bytes change;
    raft::Encode(raft::ConfChange{.type = raft::ConfChangeType::kAddNode,
                                  .node_id = member.id,
                                  .context = members::ToJson(member)},
                 &change);
    entries.push_back({.term = base::Term(1),
                       .index = base::Index(entries.size() + 1),
                       .type = raft::EntryType::kConfChange,
                       .data = base::SharedBytes(change)});
  }
  return entries;
}

}  // namespace server
