#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/status.h"
#include "cli/flags.h"
#include "offline/files.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/source.h"

namespace utl {

// The database of an etcd that does not run, DATA_DIR/member/snap/db, locked against it.
class EtcdDatabase {
 public:
  // Waits for the lock as long as --timeout says.
  static base::Result<std::unique_ptr<EtcdDatabase>> Open(offline::Files& files,
                                                          const std::string& path,
                                                          const cli::Flags& flags);

  snap::Source& source() { return *reader_; }

  // Puts a new file with the records of `source`, which may read those of this database, in the
  // place of the old one: without free pages, durably, or not at all.
  base::Status ReplaceBy(snap::Source& source);

 private:
  EtcdDatabase(offline::Files* files, std::string path)
      : disk_(files->disk()), logger_(files->logger()), path_(std::move(path)) {}

  runtime::Disk& disk_;
  const observe::Logger& logger_;
  const std::string path_;
  std::unique_ptr<runtime::File> file_;
  std::unique_ptr<snap::BboltReader> reader_;
};

}  // namespace utl
