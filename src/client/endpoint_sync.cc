#include "client/endpoint_sync.h"

#include <string>
#include <utility>

#include "client/convert.h"
#include "proto/rpc.pb.h"

namespace client {
namespace {

using base::Code;
using base::Status;

constexpr size_t kEndpointsMax = 1000;
constexpr runtime::Duration kTimeout = std::chrono::seconds(5);
constexpr int kJitterFraction = 10;

}  // namespace

base::Status AdoptMembers(const std::vector<etcd::Member>& members, Session* session) {
  std::vector<std::string> endpoints;
  Status unusable(Code::kUnavailable, "no voter has told where it serves clients");
  for (const etcd::Member& member : members) {
    if (member.name.empty() || member.is_learner) continue;
    for (const std::string& url : member.client_urls) {
      if (endpoints.size() == kEndpointsMax) break;
      Status status = session->MayReplace(url);
      if (status.ok()) {
        endpoints.push_back(url);
      } else {
        unusable = std::move(status);
      }
    }
  }
  return endpoints.empty() ? unusable : session->SetEndpoints(endpoints);
}

EndpointSync::EndpointSync(runtime::Loop* loop, Session* session, runtime::Duration interval,
                           uint64_t seed)
    : session_(session),
      interval_(interval),
      random_(seed),
      timer_(loop->NewTimer([this] { Ask(); })) {
  ArmTimer();
}

EndpointSync::~EndpointSync() {
  // Its end finds nobody.
  *alive_ = false;
  Session::Cancel(call_);
}

void EndpointSync::ArmTimer() {
  const auto tenth = static_cast<uint64_t>(interval_.count()) / kJitterFraction;
  timer_->Arm(interval_ - runtime::Duration(tenth) +
              runtime::Duration(random_.Below(2 * tenth + 1)));
}

void EndpointSync::Ask() {
  etcdserverpb::MemberListRequest message;
  message.set_linearizable(true);
  Session::Request request{.method = kMemberList, .message = message.SerializeAsString()};
  request.timeout = kTimeout;
  call_ = session_->StartUnary(std::move(request), [this, alive = alive_](
                                                       const Session::Ending& ending,
                                                       base::ByteView bytes) {
    if (!*alive) return;
    etcdserverpb::MemberListResponse reply;
    if (ending.status.ok() && reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      AdoptMembers(FromProto(std::move(reply)).members, session_).IgnoreError();
    }
    ArmTimer();
  });
}

}  // namespace client
