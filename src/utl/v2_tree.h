#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "client_v2/answers.h"
#include "runtime/disk.h"
#include "server/options.h"
#include "state/v2/store.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace utl {

// The tree of the v2 API that an etcd 2.3 to 3.5 has left behind.
class V2Tree {
 public:
  // Of one `.snap` file.
  static base::Result<std::unique_ptr<V2Tree>> OfSnapshot(runtime::Disk& disk,
                                                          const std::string& path);
  // Of a data directory that no etcd runs on: its newest snapshot and the log behind it, as far as
  // that is known to be committed.
  static base::Result<std::unique_ptr<V2Tree>> OfDirectory(runtime::Disk& disk,
                                                           const server::Options& options);

  // Clients' keys, hidden ones too, without what has run out before `now`, in nanoseconds since
  // 1970; times to live count from there.
  client_v2::Node Keys(int64_t now) const;

 private:
  V2Tree();
  base::Status Begin(backend::Batch& batch);
  base::Status BeginWith(const base::Bytes& json);

  const std::unique_ptr<backend::Backend> database_;
  backend::WriteBuffer buffer_;
  std::unique_ptr<v2::Store> store_;
};

}  // namespace utl
