#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/form.h"
#include "proto/v2.pb.h"
#include "runtime/time.h"
#include "state/v2/error.h"

namespace v2 {

// What is asked of /v2/keys.
struct KeyRequest {
  // Of the tree: "/1/a".
  std::string path;
  // As it was given, below /v2/keys: what rights are asked for.
  std::string key;
  bool recursive = false;
  bool wait = false;
  bool stream = false;
  bool quorum = false;
  bool no_value_on_success = false;
  uint64_t wait_index = 0;
  // Of PUT, POST and DELETE, with all but the times.
  v2pb::Request change;
  std::optional<uint64_t> ttl;

  // For those who count; set by who serves it.
  std::string method;
  runtime::TimePoint received;
};

// Of the decoded path below /v2/keys. Returns what is wrong, first of all that is; its index is 0.
Error ParseKeyRequest(base::ByteView method, base::ByteView path, const base::Form& form,
                      KeyRequest* request);

// Sets the times of a change whose time is `now`, in nanoseconds since 1970.
void SetTimes(int64_t now, KeyRequest* request);

}  // namespace v2
