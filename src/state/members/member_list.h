#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/members/member.h"

namespace members {

// Members as one tells another who belongs to the cluster (GET /members on the peer port): a JSON
// array of them, each as ToJson writes one.
std::string ListToJson(std::span<const Member> list);
// kDataLoss for text that is no such array.
base::Result<std::vector<Member>> ListFromJson(std::string_view text);

}  // namespace members
