#pragma once

#include <etcd/kv.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace client {

// A key-value pair whose key and value stand elsewhere.
struct PairView {
  std::string_view key;
  int64_t create_revision = 0;
  int64_t mod_revision = 0;
  int64_t version = 0;
  std::string_view value;
  int64_t lease = 0;
};

// An answer to a Get, or a part of one, whose keys and values stand in the bytes that it was read
// from, or in the answer that it is a view of, which outlive it.
struct RangeView {
  etcd::ResponseHeader header = {};
  std::vector<PairView> kvs = {};
  bool more = false;
  int64_t count = 0;

  // Reads an encoded RangeStreamResponse; false if it is none. For Client::Impl::Stream, by the
  // name that protobuf's messages have for it.
  bool ParseFromArray(const void* data, int size);
};

PairView ViewOf(const etcd::KeyValue& kv);
RangeView ViewOf(const etcd::GetResponse& response);

}  // namespace client
