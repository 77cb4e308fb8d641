#include "server/alarm.h"

#include <utility>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"

namespace server {
namespace {

using etcdserverpb::AlarmRequest;

void Propose(Frontend* frontend, AlarmRequest::AlarmAction action, alarms::Type type,
             base::MemberId member, Frontend::OnReply on_reply) {
  AlarmRequest request;
  request.set_action(action);
  request.set_memberid(member.value());
  request.set_alarm(static_cast<etcdserverpb::AlarmType>(type));
  frontend->Propose(etcdserverpb::InternalRaftRequest::kAlarmFieldNumber,
                    request.SerializeAsString(), std::move(on_reply));
}

}  // namespace

void RaiseAlarm(Frontend* frontend, alarms::Type type, base::MemberId member,
                Frontend::OnReply on_reply) {
  Propose(frontend, AlarmRequest::ACTIVATE, type, member, std::move(on_reply));
}

void DisarmAlarm(Frontend* frontend, alarms::Type type, base::MemberId member,
                 Frontend::OnReply on_reply) {
  Propose(frontend, AlarmRequest::DEACTIVATE, type, member, std::move(on_reply));
}

}  // namespace server
