#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "raft/codec.h"

namespace {

// What decodes must encode to something that decodes to the same.
template <typename Value>
void CheckStable(const base::Result<Value>& decoded,
                 base::Result<Value> (*decode)(base::ByteView)) {
  if (!decoded.ok()) return;
  base::Bytes once;
  raft::Encode(*decoded, &once);
  const base::Result<Value> again = decode(once);
  CHECK(again.ok());
  base::Bytes twice;
  raft::Encode(*again, &twice);
  CHECK(once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView in(reinterpret_cast<const char*>(data), size);
  CheckStable(raft::DecodeMessage(in), &raft::DecodeMessage);
  CheckStable(raft::DecodeEntry(in), &raft::DecodeEntry);
  CheckStable(raft::DecodeSnapshot(in), &raft::DecodeSnapshot);
  CheckStable(raft::DecodeConfState(in), &raft::DecodeConfState);
  CheckStable(raft::DecodeHardState(in), &raft::DecodeHardState);
  CheckStable(raft::DecodeConfChange(in), &raft::DecodeConfChange);
  CheckStable(raft::DecodeConfChangeV2(in), &raft::DecodeConfChangeV2);
  return 0;
}
