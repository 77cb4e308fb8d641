// An entry of etcd's log, as it may lie on disk: it is refused, or becomes one that can be read.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "proto/raft_internal.pb.h"
#include "server/etcd_entry.h"
#include "state/apply/request_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
  raft::Entry entry;
  entry.data = base::SharedBytes(bytes);
  (void)server::ChangesV2Keys(entry);
  for (const server::V2Keys keys : {server::V2Keys::kRefused, server::V2Keys::kTaken}) {
    const auto translated = server::TranslateEtcdEntry(entry, keys);
    if (!translated.ok() || translated->data.empty() || translated->data.view() == bytes) continue;
    etcdserverpb::InternalRaftRequest request;
    CHECK(apply::ParseEntry(translated->data.view(), &request));
  }
  return 0;
}
