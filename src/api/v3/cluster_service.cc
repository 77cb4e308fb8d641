#include "api/v3/cluster_service.h"

#include <utility>

namespace v3 {
namespace {

void Fill(const members::Member& member, etcdserverpb::Member* out) {
  out->set_id(member.id.value());
  out->set_name(member.name);
  out->set_islearner(member.is_learner);
  for (const std::string& url : member.peer_urls) out->add_peerurls(url);
  for (const std::string& url : member.client_urls) out->add_clienturls(url);
}

}  // namespace

void ClusterService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, "etcdserverpb.Cluster", "MemberList", this, &ClusterService::MemberList);
}

void ClusterService::MemberList(Call call, base::ByteView bytes) {
  etcdserverpb::MemberListRequest request;
  if (!Parse(*call, bytes, &request)) return;
  if (!request.linearizable()) return AnswerMembers(*call);
  context_.frontend().ReadIndex([this, call = std::move(call.rpc)](const base::Status& status) {
    if (!status.ok()) return call->Finish(status);
    AnswerMembers(*call);
  });
}

// The header of what is said of the cluster has no revision.
void ClusterService::AnswerMembers(rpc::ServerCall& call) const {
  etcdserverpb::MemberListResponse response;
  context_.Fill(response.mutable_header(), {});
  response.mutable_header()->clear_revision();
  const auto view = context_.state()->view().Get();
  for (const members::Member& member : view->members) {
    Fill(member, response.add_members());
  }
  Context::Send(call, response);
}

}  // namespace v3
