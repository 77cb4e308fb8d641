#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "raft/types.h"

namespace members {

// raftpb.ConfState as etcd keeps it in bucket `meta`, in JSON with lists that are empty left out:
//
//   {"voters":[N,..],"learners":[..],"voters_outgoing":[..],"learners_next":[..],"auto_leave":b}
std::string ToJson(const raft::ConfState& conf_state);
// kDataLoss for text that is no such object. Names that are missing are empty lists.
base::Result<raft::ConfState> ConfStateFromJson(std::string_view text);

}  // namespace members
