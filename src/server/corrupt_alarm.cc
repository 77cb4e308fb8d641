#include "server/corrupt_alarm.h"

#include <utility>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"

namespace server {

void RaiseCorruptAlarm(Frontend* frontend, base::MemberId member, Frontend::OnReply on_reply) {
  etcdserverpb::AlarmRequest request;
  request.set_action(etcdserverpb::AlarmRequest::ACTIVATE);
  request.set_memberid(member.value());
  request.set_alarm(etcdserverpb::CORRUPT);
  frontend->Propose(etcdserverpb::InternalRaftRequest::kAlarmFieldNumber,
                    request.SerializeAsString(), std::move(on_reply));
}

}  // namespace server
