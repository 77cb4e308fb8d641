#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "state/members/downgrade.h"
#include "state/members/extensions.h"
#include "state/members/member.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace members {

// Who belongs to the cluster, who was removed from it, and the cluster's version: as of the last
// entry applied, in memory and, through the write buffer, in the database. Belongs to the apply
// loop; changes are parts of the entry being applied.
class Membership {
 public:
  // kDataLoss, naming the record, for one that cannot be believed. `buffer` outlives this.
  static base::Result<Membership> Load(backend::Reader& reader, backend::WriteBuffer* buffer);

  // By id.
  const std::map<base::MemberId, Member>& members() const { return members_; }
  const std::set<base::MemberId>& removed() const { return removed_; }
  const Member* Find(base::MemberId id) const;
  // Who takes the place of a removed member, if it was removed for that; else 0.
  base::MemberId SuccessorOf(base::MemberId removed) const;
  // "3.7.0"; empty before it is decided.
  const std::string& cluster_version() const { return cluster_version_; }
  const Downgrade& downgrade() const { return downgrade_; }
  // What members must understand.
  const Extensions& extensions() const { return extensions_; }

  // Why a change must be without effect: kMemberNotFound for a member that is absent or was
  // removed, kMemberExists, kPeerUrlExists, kMemberNotLearner, kTooManyLearners.
  base::Status Validate(raft::ConfChangeType type, base::MemberId id, const ChangeContext& context,
                        size_t learners_max) const;

  // Valid changes.
  void Add(const Member& member);
  // `successor` is to take its place; 0: nobody is.
  void Remove(base::MemberId id, base::MemberId successor = {});
  void UpdatePeerUrls(base::MemberId id, std::vector<std::string> peer_urls);
  void Promote(base::MemberId id);
  // Without effect for a member that is not there: it may have been removed meanwhile.
  void SetAttributes(base::MemberId id, std::string name, std::vector<std::string> client_urls);
  // The database's schema is of the cluster's version from then on, if that is one that names its
  // schema at all.
  void SetClusterVersion(std::string version);
  void SetDowngrade(Downgrade downgrade);
  void SetExtensions(Extensions extensions);
  // The configuration that the members vote by, for the start after this one.
  void SaveConfState(const raft::ConfState& conf_state);

 private:
  explicit Membership(backend::WriteBuffer* buffer) : buffer_(buffer) {}

  base::Status ValidateAdd(base::MemberId id, const Member& member, size_t learners_max) const;
  base::Status LoadMembers(backend::Reader& reader);
  base::Status LoadRemoved(backend::Reader& reader);
  void Save(const Member& member);

  backend::WriteBuffer* buffer_;
  std::map<base::MemberId, Member> members_;
  std::set<base::MemberId> removed_;
  std::map<base::MemberId, base::MemberId> successors_;  // of those removed that have one
  std::string cluster_version_;
  Downgrade downgrade_;
  Extensions extensions_;
};

// The configuration as of the last commit; nothing before the first. kDataLoss if it cannot be
// believed.
base::Result<std::optional<raft::ConfState>> ReadConfState(backend::Reader& reader);

}  // namespace members
