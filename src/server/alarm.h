#pragma once

#include "base/ids.h"
#include "server/frontend.h"
#include "state/apply/cluster_view.h"

namespace server {

// Has the cluster raise an alarm of `member`, of 0 if nobody knows whose it is, or take it back. On
// the frontend's loop.
void RaiseAlarm(Frontend* frontend, alarms::Type type, base::MemberId member,
                Frontend::OnReply on_reply);
void DisarmAlarm(Frontend* frontend, alarms::Type type, base::MemberId member,
                 Frontend::OnReply on_reply);

}  // namespace server
