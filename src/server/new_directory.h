#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/callback.h"
#include "base/status.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "server/options.h"

namespace server {

// A data directory in the making. It is made elsewhere and moved to its place whole and durable, as
// the last step; after an error, or where a signal has ended a tool (runtime/unfinished.h), nothing
// is left, and of what the user has nothing was touched. Blocks.
class NewDirectory {
 public:
  // What a crash leaves, which nobody can tell from what has been the user's: the next try names
  // and refuses it. A member refuses to start over kInside (data_directory.h); where a program is
  // to start that does not know of it, nothing may be at DATA_DIR itself.
  enum class Making : uint8_t {
    kInside,  // DATA_DIR/restoring, WAL_DIR.restoring
    kBeside,  // DATA_DIR.part, WAL_DIR.part
  };
  // Where Options::data_dir and wal_dir say; both outlive this.
  NewDirectory(runtime::Disk* disk, const Options& options, Making making);

  // kFailedPrecondition, in the words and the order of etcdutl, if something is there.
  base::Status CheckPlace();
  // Has `build` make all files at these paths, of which the directory of the snapshots is there,
  // and moves them. `build` syncs the files and the directories that it puts them in.
  base::Status Make(base::Callback<base::Status(const Paths& paths)> build);

 private:
  Paths Building() const;
  base::Status RequireAbsent(const std::string& log) const;
  base::Status RequireFree(const std::string& scratch) const;
  base::Status Create();
  base::Status Move();
  base::Status MoveInside();
  // None of them was there before.
  std::vector<std::string> AllNames() const;
  void RemoveAll();

  runtime::Disk& disk_;
  const Options& options_;
  const Making making_;
  const Paths place_;
  const std::string scratch_;
  const std::string log_scratch_;  // where a log is made that is not to lie in the data directory
  const Paths building_;
  bool had_directory_ = false;  // of the data, empty
};

}  // namespace server
