#include "state/apply/member_list.h"

#include <utility>

namespace apply {

void Fill(const members::Member& member, etcdserverpb::Member* out) {
  out->set_id(member.id.value());
  out->set_name(member.name);
  out->set_islearner(member.is_learner);
  for (const std::string& url : member.peer_urls) out->add_peerurls(url);
  for (const std::string& url : member.client_urls) out->add_clienturls(url);
}

base::Bytes EncodeMembers(const std::vector<members::Member>& members) {
  etcdserverpb::MemberListResponse list;
  for (const members::Member& member : members) Fill(member, list.add_members());
  return list.SerializeAsString();
}

base::Result<std::vector<members::Member>> DecodeMembers(base::ByteView bytes) {
  etcdserverpb::MemberListResponse list;
  if (!list.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::Status(base::Code::kInternal, "this is no list of members");
  }
  std::vector<members::Member> members;
  for (const etcdserverpb::Member& member : list.members()) {
    members.push_back({.id = base::MemberId(member.id()),
                       .peer_urls = {member.peerurls().begin(), member.peerurls().end()},
                       .is_learner = member.islearner(),
                       .name = member.name(),
                       .client_urls = {member.clienturls().begin(), member.clienturls().end()}});
  }
  return members;
}

}  // namespace apply
