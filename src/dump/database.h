#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "offline/files.h"
#include "storage/snap/source.h"

namespace dump {

// A database that is looked at and not changed: of a member of ours, or of etcd; or a snapshot.
class Database {
 public:
  virtual ~Database() = default;

  // Names, in order.
  virtual base::Result<std::vector<std::string>> Buckets() = 0;
  // To behind the last record of the bucket; false if there is none of that name.
  virtual base::Result<bool> StartBackward(const std::string& bucket) = 0;
  // The record before, borrowed until the next call; nothing before the first.
  virtual base::Result<std::optional<snap::Record>> Previous() = 0;
  // All that Maintenance.Hash covers, from its beginning. Valid as long as this.
  virtual snap::Source& source() = 0;
};

// The file that a command's argument names: itself if it ends in "db" and is no directory;
// otherwise the database of that data directory, ours if there is one. kNotFound with etcd's text.
base::Result<std::string> FindDatabase(offline::Files& files, const std::string& argument);

// Opens it, by what it is. Waits as long as --timeout says for its lock, or for that of the member
// whose directory it lies in.
base::Result<std::unique_ptr<Database>> OpenDatabase(offline::Files& files, const std::string& path,
                                                     const cli::Flags& flags);

}  // namespace dump
