#pragma once

#include "base/ids.h"
#include "server/frontend.h"

namespace server {

// Has the cluster raise the alarm CORRUPT of `member`, which stops what would touch keys; of 0 if
// nobody knows whose keys are wrong. On the frontend's loop.
void RaiseCorruptAlarm(Frontend* frontend, base::MemberId member, Frontend::OnReply on_reply);

}  // namespace server
