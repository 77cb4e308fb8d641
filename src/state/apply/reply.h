#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/status.h"

namespace v2 {
struct Result;
}

namespace apply {

// What became of a request: an error, or its response message without the header, encoded, and the
// revision that the header carries. Of a change of the configuration it is the members after it
// (member_list.h); of one of the v2 API what became of it there.
struct Reply {
  base::Status status;
  base::Bytes body = {};
  base::Revision revision = {};
  std::shared_ptr<const v2::Result> v2 = {};
};

}  // namespace apply
