#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "offline/files.h"
#include "runtime/disk.h"
#include "server/options.h"
#include "server/survivor_log.h"
#include "storage/backend/backend.h"
#include "utl/survivor.h"

namespace utl {

// The files of a member that does not run, read and locked against one that would. Nothing of them
// is changed.
class SurvivorFiles {
 public:
  // Reads all of them. Waits for the lock as long as --timeout says; kUnavailable, naming the
  // directory, if a member runs on it. kNotFound or kFailedPrecondition, naming it, for a directory
  // without a member's files, kPermissionDenied for what may not be read. Damage is no error: see
  // Survivor. In memory: the log behind its mark, the keys, and the whole of a database of etcd.
  // Blocks.
  static base::Result<std::unique_ptr<SurvivorFiles>> Open(offline::Files& files,
                                                           const std::string& data_dir,
                                                           const std::string& wal_dir,
                                                           const cli::Flags& flags);

  const Survivor& survivor() const { return survivor_; }
  // Its directories.
  const server::Options& options() const { return options_; }
  const server::SurvivorLog& log() const { return log_; }
  // Null if it is not etcd's.
  const runtime::File* etcd_database() const { return etcd_file_.get(); }
  // Null if it cannot be read.
  backend::Backend* database() const { return database_.get(); }

  // Sets Survivor::hash.
  void Hash(base::Revision at);

 private:
  explicit SurvivorFiles(offline::Files* files) : files_(*files) {}

  base::Status Lock(const cli::Flags& flags);
  base::Status OpenDatabase(const cli::Flags& flags);
  base::Status OpenEtcdDatabase(const std::string& path, const cli::Flags& flags);
  base::Status ReadDatabase();
  // What is wrong with the database is damage, but for who may not read it: another may.
  base::Status Survive(const base::Status& read);
  base::Status ReadMembers(backend::Reader& reader);
  base::Status ReadLog();

  offline::Files& files_;
  server::Options options_;
  std::unique_ptr<runtime::File> lock_;
  std::unique_ptr<runtime::File> etcd_file_;
  std::unique_ptr<backend::Backend> database_;
  server::SurvivorLog log_;
  base::Term covered_term_;
  bool votes_alone_ = false;
  Survivor survivor_;
};

// Opens all of them, and hashes their keys at the revision that they all have. kFailedPrecondition,
// in words, if they are not different members of one cluster.
base::Result<std::vector<std::unique_ptr<SurvivorFiles>>> OpenSurvivors(
    offline::Files& files, const std::vector<std::string>& data_dirs,
    const std::vector<std::string>& wal_dirs, const cli::Flags& flags);

}  // namespace utl
