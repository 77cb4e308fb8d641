#pragma once

#include <string>
#include <vector>

#include "raft/membership.h"
#include "raft/progress.h"
#include "raft/quorum.h"
#include "raft/types.h"

// Values as etcd/raft's tests print them.

namespace raft::testing {

std::string Hex(MemberId member);
std::string Quoted(base::ByteView data);

std::string Print(const MemberSet& members);
std::string Print(const JointConfig& config);
std::string Print(const Membership& membership);
std::string Print(const Progress& progress);
// One line each.
std::string Print(const ProgressMap& progress);
std::string Print(VoteResult result);

std::string Print(Role role);
std::string Print(MessageType type);
std::string Print(EntryType type);
std::string Print(const Entry& entry);
// One line each.
std::string Print(const std::vector<Entry>& entries);
std::string Print(const HardState& state);
std::string Print(const SoftState& state);
std::string Print(const ConfState& state);
std::string Print(const Snapshot& snapshot);
std::string Print(const Message& message);
std::string Print(const ConfChangeV2& change);

}  // namespace raft::testing
