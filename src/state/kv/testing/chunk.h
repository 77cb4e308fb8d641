#pragma once

#include <gtest/gtest.h>

#include <string>

#include "proto/rpc.pb.h"
#include "state/kv/response_header.h"

namespace kv::testing {

// The next chunk of a stream of either kind, as its client reads it.
template <typename Stream>
etcdserverpb::RangeStreamResponse ChunkOf(Stream& stream, const ResponseHeader& header) {
  std::string bytes(stream.ChunkSize(header), '\0');
  EXPECT_EQ(stream.WriteChunk(header, bytes.data()), bytes.data() + bytes.size());
  etcdserverpb::RangeStreamResponse chunk;
  EXPECT_TRUE(chunk.ParseFromString(bytes));
  return chunk;
}

}  // namespace kv::testing
