#pragma once

#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

#include "dump/go_log.h"
#include "runtime/disk.h"

namespace dump {

// What etcd-dump-logs is asked for.
struct LogDump {
  std::string data_dir;
  std::string wal_dir;   // empty: that of the data directory
  std::string snapshot;  // the name of the file to start at; empty: the newest
  bool from_index = false;
  uint64_t start_index = 0;  // the first to be shown, if `from_index`; in the raw form always
  uint64_t end_index = std::numeric_limits<uint64_t>::max();  // the first not to be shown
  std::string entry_types;
  std::string stream_decoder;  // empty: none
};

struct Output {
  std::FILE* out;
  const GoLog& log;
};

// DATA_DIR/member/wal, or --wal-dir.
std::string LogDirectory(const LogDump& dump);

// Shows the log: where it starts, its metadata and last hard state, its entries. Goes through it
// twice, so that memory does not grow with it; a member may append meanwhile. Says what is wrong
// by file and offset; returns the exit status.
int DumpLog(runtime::Disk& disk, const LogDump& dump, const Output& output);

}  // namespace dump
