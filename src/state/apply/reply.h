#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/status.h"

namespace apply {

// What became of a request: an error, or its response message without the header, encoded, and the
// revision that the header carries. Of a change of the configuration it is the members after it
// (member_list.h).
struct Reply {
  base::Status status;
  base::Bytes body = {};
  base::Revision revision = {};
};

}  // namespace apply
