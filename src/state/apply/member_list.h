#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "proto/rpc.pb.h"
#include "state/members/member.h"

namespace apply {

// The members of a cluster as clients are told of them, and as a change of the configuration is
// answered: MemberListResponse without a header, encoded.

void Fill(const members::Member& member, etcdserverpb::Member* out);
base::Bytes EncodeMembers(const std::vector<members::Member>& members);
// kInternal for bytes that are no such list.
base::Result<std::vector<members::Member>> DecodeMembers(base::ByteView bytes);

}  // namespace apply
