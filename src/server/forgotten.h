#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/disk.h"
#include "server/log_metadata.h"
#include "server/options.h"

// A member whose files are whole, but older than what it has acknowledged: a disk that was put back
// to an earlier state. Its own files cannot tell; its leader does, which knows what the member had
// (raft::Node::failure). It ends then, and could not be told again by the next leader, so that it
// leaves a note: under its identifier it must not vote or acknowledge ever again, as one whose log
// is damaged (replacement.h).

namespace server {

struct Forgotten {
  LogMetadata owner;  // who has forgotten
  std::string why;
};

// The note, DATA_DIR/member/forgotten; it goes aside with the files that it speaks of
// (PutFilesAside). A line of JSON, with the CRC-32C of that behind it:
//
//   {"cluster":"HEX","member":"HEX","why":".."} HEX
std::string ForgottenPath(const Options& options);
// Durable on return, as its removal.
base::Status WriteForgotten(runtime::Disk& disk, const Options& options,
                            const Forgotten& forgotten);
base::Status RemoveForgotten(runtime::Disk& disk, const Options& options);
// Nothing if there is none. kDataLoss, naming the file, for one that cannot be read.
base::Result<std::optional<Forgotten>> ReadForgotten(runtime::Disk& disk, const Options& options);

// What the note says of `owner`, naming the file; empty if nothing, as where it is of somebody else
// whose place `owner` has. What it cannot be read for, it says of everybody.
base::Result<std::string> ForgottenBy(runtime::Disk& disk, const Options& options,
                                      const LogMetadata& owner);

}  // namespace server
