#pragma once

#include <string>

#include "proto/rpc.pb.h"

// Requests as tests write them.

namespace v3::testing {

inline etcdserverpb::PutRequest Put(const std::string& key, const std::string& value = "") {
  etcdserverpb::PutRequest request;
  request.set_key(key);
  request.set_value(value);
  return request;
}

inline etcdserverpb::RangeRequest Get(const std::string& key) {
  etcdserverpb::RangeRequest request;
  request.set_key(key);
  return request;
}
// All keys.
inline etcdserverpb::RangeRequest GetAll() {
  etcdserverpb::RangeRequest request;
  request.set_key(std::string(1, '\0'));
  request.set_range_end(std::string(1, '\0'));
  return request;
}
inline etcdserverpb::RangeRequest Serializable(etcdserverpb::RangeRequest request) {
  request.set_serializable(true);
  return request;
}

inline etcdserverpb::DeleteRangeRequest Delete(const std::string& key) {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(key);
  return request;
}

inline etcdserverpb::CompactionRequest CompactTo(int64_t revision) {
  etcdserverpb::CompactionRequest request;
  request.set_revision(revision);
  return request;
}

inline etcdserverpb::AlarmRequest AlarmOf(etcdserverpb::AlarmRequest::AlarmAction action,
                                          etcdserverpb::AlarmType alarm, uint64_t member = 0) {
  etcdserverpb::AlarmRequest request;
  request.set_action(action);
  request.set_alarm(alarm);
  request.set_memberid(member);
  return request;
}

}  // namespace v3::testing
