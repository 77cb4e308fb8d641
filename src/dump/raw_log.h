#pragma once

#include "dump/log_dump.h"

namespace dump {

// Shows the records of all files *.wal of a directory as they stand there, from `start_index` on,
// also those whose checksum is wrong. Says what is wrong by file and offset; returns the exit
// status.
int DumpRawLog(runtime::Disk& disk, const LogDump& dump, const Output& output);

}  // namespace dump
