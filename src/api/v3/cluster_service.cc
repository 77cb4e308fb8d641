#include "api/v3/cluster_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/errors.h"
#include "config/url.h"
#include "state/apply/member_list.h"

namespace v3 {
namespace {

constexpr char kService[] = "etcdserverpb.Cluster";

// In the form in which they are kept; kMemberBadUrls for what is none, or nothing.
base::Result<std::vector<std::string>> PeerUrls(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<std::string> urls;
  for (const std::string& text : texts) {
    const base::Result<config::Url> url = config::ParseUrl(text);
    if (!url.ok()) return base::Status(base::errors::kMemberBadUrls);
    urls.push_back(url->ToString());
  }
  if (urls.empty()) return base::Status(base::errors::kMemberBadUrls);
  return urls;
}

}  // namespace

void ClusterService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, kService, "MemberList", this, &ClusterService::MemberList);
  context_.AddUnary(table, kService, "MemberAdd", this, &ClusterService::MemberAdd);
  context_.AddUnary(table, kService, "MemberRemove", this, &ClusterService::MemberRemove);
  context_.AddUnary(table, kService, "MemberUpdate", this, &ClusterService::MemberUpdate);
  context_.AddUnary(table, kService, "MemberPromote", this, &ClusterService::MemberPromote);
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
    apply::Fill(member, response.add_members());
  }
  Context::Send(call, response);
}

template <typename Response>
server::Reconfiguration::OnChanged ClusterService::Answering(const Call& call,
                                                             Response response) const {
  return [this, rpc = call.rpc,
          response = std::make_shared<Response>(std::move(response))](Members members) mutable {
    const auto answer = std::make_shared<Members>(std::move(members));
    context_.frontend().loop().Post([this, rpc = std::move(rpc), response, answer] {
      if (!answer->ok()) return rpc->Finish(answer->status());
      context_.Fill(response->mutable_header(), {});
      response->mutable_header()->clear_revision();
      for (const members::Member& member : **answer) apply::Fill(member, response->add_members());
      Context::Send(*rpc, *response);
    });
  };
}

void ClusterService::MemberAdd(Call call, base::ByteView bytes) {
  etcdserverpb::MemberAddRequest request;
  if (!Parse(*call, bytes, &request)) return;
  base::Result<std::vector<std::string>> urls = PeerUrls(request.peerurls());
  if (!urls.ok()) return call->Finish(urls.status());
  std::sort(urls->begin(), urls->end());
  const int64_t second = context_.frontend().loop().clock().WallNow().unix_nanos / 1'000'000'000;
  members::Member member{.id = members::AddedMemberId(*urls, second),
                         .peer_urls = *std::move(urls),
                         .is_learner = request.islearner(),
                         .name = {},
                         .client_urls = {}};
  etcdserverpb::MemberAddResponse response;
  apply::Fill(member, response.mutable_member());
  context_.server().reconfiguration().Add(std::move(member), call.caller,
                                          Answering(call, std::move(response)));
}

void ClusterService::MemberRemove(Call call, base::ByteView bytes) {
  etcdserverpb::MemberRemoveRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.server().reconfiguration().Remove(base::MemberId(request.id()), call.caller,
                                             Answering<etcdserverpb::MemberRemoveResponse>(call));
}

void ClusterService::MemberUpdate(Call call, base::ByteView bytes) {
  etcdserverpb::MemberUpdateRequest request;
  if (!Parse(*call, bytes, &request)) return;
  base::Result<std::vector<std::string>> urls = PeerUrls(request.peerurls());
  if (!urls.ok()) return call->Finish(urls.status());
  context_.server().reconfiguration().UpdatePeerUrls(
      base::MemberId(request.id()), *std::move(urls), call.caller,
      Answering<etcdserverpb::MemberUpdateResponse>(call));
}

void ClusterService::MemberPromote(Call call, base::ByteView bytes) {
  etcdserverpb::MemberPromoteRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.server().reconfiguration().Promote(base::MemberId(request.id()), call.caller,
                                              Answering<etcdserverpb::MemberPromoteResponse>(call));
}

}  // namespace v3
