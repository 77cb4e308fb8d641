#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/time.h"
#include "server/options.h"
#include "state/members/member.h"

// A member that may have lost a vote, a term or an entry that it has acknowledged: its log is
// damaged above what its database covers, or gone. Under its identifier it must not vote or
// acknowledge ever again. With Options::replace it is replaced, by itself:
//
//   asked for   it writes down who is to take its place (the note), and asks the leader
//               (replacing.h), again until it is answered: its files are as they were
//   agreed      the leader has had it removed, and the successor added as a learner
//   put aside   its files are kept beside the new ones (damaged_files.h)
//   joined      it starts as the successor, without a log, and is sent a snapshot
//   promoted    it asks for that until it votes again (self_promotion.h); the note goes
//
// It may end anywhere, and begins again by the note: the leader knows a successor that it has
// added, and the log who is to succeed a member that was removed
// (members::Membership::SuccessorOf).

namespace server {

struct Replacement {
  base::ClusterId cluster;
  base::MemberId member;     // that is replaced
  base::MemberId successor;  // of an identifier that nobody had
  bool is_voter = true;      // the successor is to become one
  std::string name;          // of both; for people
  std::vector<std::string> peer_urls;

  friend bool operator==(const Replacement&, const Replacement&) = default;
};

// Of a member as its cluster knows it; `now` tells the successor from others at the same place. A
// learner's successor stays one.
Replacement NewReplacement(const members::Member& member, base::ClusterId cluster,
                           runtime::WallTime now);

// JSON, as a note and as a question to other members:
//
//   {"cluster":"HEX","member":"HEX","successor":"HEX","voter":true,"name":"..","peerURLs":[..]}
//
// Identifiers are as members::HexText writes them, none is 0, and both of members differ. Names are
// at most kNameBytesMax long; of URLs, which are such as flags take, there are 1 to kUrlsMax.
inline constexpr size_t kReplacementNameBytesMax = 1024;
inline constexpr size_t kReplacementUrlsMax = 16;
std::string ToJson(const Replacement& replacement);
// kInvalidArgument, saying what is wrong, for anything else.
base::Result<Replacement> ReplacementFromJson(base::ByteView text);

// As whom the member starts, once the cluster has agreed.
Joining JoiningOf(const Replacement& replacement);

// The note, DATA_DIR/replacement. Writing and removing is durable on return.
base::Status WriteReplacement(runtime::Disk& disk, const Options& options,
                              const Replacement& replacement);
// Nothing if there is none. kInvalidArgument, naming the file, for one that is none.
base::Result<std::optional<Replacement>> ReadReplacement(runtime::Disk& disk,
                                                         const Options& options);
base::Status RemoveReplacement(runtime::Disk& disk, const Options& options);

}  // namespace server
