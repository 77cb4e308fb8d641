#include "state/members/membership.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "state/members/conf_state.h"
#include "storage/schema/schema.h"
#include "storage/schema/storage_version.h"

namespace members {
namespace {

bool AnyIn(const std::vector<std::string>& urls, const Member& member) {
  return std::any_of(urls.begin(), urls.end(), [&member](const std::string& url) {
    return std::find(member.peer_urls.begin(), member.peer_urls.end(), url) !=
           member.peer_urls.end();
  });
}

using schema::Bucket;
using schema::Id;

// A record of the bucket members_removed: "removed", as etcd's, or kReplaced and the successor. Who
// reads it goes by the key alone, but for the successor.
constexpr base::ByteView kRemoved = "removed";
constexpr base::ByteView kReplaced = "replaced by ";

base::Result<base::MemberId> ParseId(base::ByteView text, std::string_view bucket) {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error != std::errc() || end != text.data() + text.size()) {
    return base::Status(base::Code::kDataLoss,
                        "bucket " + std::string(bucket) + ": key is no member ID");
  }
  return base::MemberId(id);
}

}  // namespace

base::Result<Membership> Membership::Load(backend::Reader& reader, backend::WriteBuffer* buffer) {
  Membership membership(buffer);
  RETURN_IF_ERROR(membership.LoadMembers(reader));
  RETURN_IF_ERROR(membership.LoadRemoved(reader));
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> version,
                   reader.Get(Id(Bucket::kCluster), schema::kClusterVersion));
  if (version.has_value()) membership.cluster_version_ = *version;
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> downgrade,
                   reader.Get(Id(Bucket::kCluster), schema::kDowngrade));
  if (downgrade.has_value()) {
    ASSIGN_OR_RETURN(membership.downgrade_, DowngradeFromJson(*downgrade));
  }
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> extensions,
                   reader.Get(Id(Bucket::kCluster), schema::kExtensions));
  membership.extensions_ = ExtensionsFromText(extensions.value_or(""));
  return membership;
}

base::Status Membership::LoadMembers(backend::Reader& reader) {
  const auto cursor = reader.NewCursor(Id(Bucket::kMembers));
  RETURN_IF_ERROR(cursor->Seek({}));
  for (; cursor->valid();) {
    ASSIGN_OR_RETURN(const base::MemberId id, ParseId(cursor->key(), "members"));
    ASSIGN_OR_RETURN(Member member, FromJson(cursor->value()));
    if (member.id != id) {
      return {base::Code::kDataLoss, "bucket members: " + HexText(id.value()) + " is another's"};
    }
    members_.emplace(id, std::move(member));
    RETURN_IF_ERROR(cursor->Next());
  }
  return {};
}

base::Status Membership::LoadRemoved(backend::Reader& reader) {
  const auto cursor = reader.NewCursor(Id(Bucket::kMembersRemoved));
  RETURN_IF_ERROR(cursor->Seek({}));
  for (; cursor->valid();) {
    ASSIGN_OR_RETURN(const base::MemberId id, ParseId(cursor->key(), "members_removed"));
    removed_.insert(id);
    base::ByteView said = cursor->value();
    if (said.starts_with(kReplaced)) {
      said.remove_prefix(kReplaced.size());
      ASSIGN_OR_RETURN(successors_[id], ParseId(said, "members_removed"));
    }
    RETURN_IF_ERROR(cursor->Next());
  }
  return {};
}

const Member* Membership::Find(base::MemberId id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

base::MemberId Membership::SuccessorOf(base::MemberId removed) const {
  const auto found = successors_.find(removed);
  return found == successors_.end() ? base::MemberId() : found->second;
}

base::Status Membership::Validate(raft::ConfChangeType type, base::MemberId id,
                                  const ChangeContext& context, size_t learners_max) const {
  if (removed_.contains(id)) return base::errors::kMemberNotFound;
  const Member* const member = Find(id);
  switch (type) {
    case raft::ConfChangeType::kAddNode:
    case raft::ConfChangeType::kAddLearnerNode:
      if (!context.is_promote) return ValidateAdd(id, context.member, learners_max);
      if (member == nullptr) return base::errors::kMemberNotFound;
      return member->is_learner ? base::Status() : base::errors::kMemberNotLearner;
    case raft::ConfChangeType::kRemoveNode:
      return member == nullptr ? base::errors::kMemberNotFound : base::Status();
    case raft::ConfChangeType::kUpdateNode:
      if (member == nullptr) return base::errors::kMemberNotFound;
      for (const auto& [other_id, other] : members_) {
        if (other_id != id && AnyIn(context.member.peer_urls, other)) {
          return base::errors::kPeerUrlExists;
        }
      }
      return {};
  }
  return {};
}

base::Status Membership::ValidateAdd(base::MemberId id, const Member& added,
                                     size_t learners_max) const {
  if (Find(id) != nullptr) return base::errors::kMemberExists;
  size_t learners = 0;
  for (const auto& [other_id, other] : members_) {
    learners += other.is_learner ? 1 : 0;
    if (AnyIn(added.peer_urls, other)) return base::errors::kPeerUrlExists;
  }
  if (added.is_learner && learners >= learners_max) return base::errors::kTooManyLearners;
  return {};
}

void Membership::Save(const Member& member) {
  buffer_->Put(Id(Bucket::kMembers), HexText(member.id.value()), ToJson(member));
}

void Membership::Add(const Member& member) {
  CHECK(members_.emplace(member.id, member).second);
  Save(member);
}

void Membership::Remove(base::MemberId id, base::MemberId successor) {
  CHECK(members_.erase(id) == 1);
  removed_.insert(id);
  const std::string key = HexText(id.value());
  buffer_->Delete(Id(Bucket::kMembers), key);
  if (successor == base::MemberId()) {
    return buffer_->Put(Id(Bucket::kMembersRemoved), key, kRemoved);
  }
  successors_[id] = successor;
  buffer_->Put(Id(Bucket::kMembersRemoved), key,
               base::Bytes(kReplaced) + HexText(successor.value()));
}

void Membership::UpdatePeerUrls(base::MemberId id, std::vector<std::string> peer_urls) {
  Member& member = members_.at(id);
  member.peer_urls = std::move(peer_urls);
  Save(member);
}

void Membership::Promote(base::MemberId id) {
  Member& member = members_.at(id);
  member.is_learner = false;
  Save(member);
}

void Membership::SetAttributes(base::MemberId id, std::string name,
                               std::vector<std::string> client_urls) {
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  found->second.name = std::move(name);
  found->second.client_urls = std::move(client_urls);
  Save(found->second);
}

void Membership::SetClusterVersion(std::string version) {
  cluster_version_ = std::move(version);
  buffer_->Put(Id(Bucket::kCluster), schema::kClusterVersion, cluster_version_);
  if (schema::NamesSchema(cluster_version_)) {
    buffer_->Put(Id(Bucket::kMeta), schema::kStorageVersion, cluster_version_);
  }
}

void Membership::SetDowngrade(Downgrade downgrade) {
  downgrade_ = std::move(downgrade);
  buffer_->Put(Id(Bucket::kCluster), schema::kDowngrade, ToJson(downgrade_));
}

void Membership::SetExtensions(Extensions extensions) {
  extensions_ = std::move(extensions);
  buffer_->Put(Id(Bucket::kCluster), schema::kExtensions, ToText(extensions_));
}

void Membership::SaveConfState(const raft::ConfState& conf_state) {
  buffer_->Put(Id(Bucket::kMeta), schema::kConfState, ToJson(conf_state));
}

base::Result<std::optional<raft::ConfState>> ReadConfState(backend::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> text,
                   reader.Get(Id(Bucket::kMeta), schema::kConfState));
  if (!text.has_value()) return std::optional<raft::ConfState>();
  ASSIGN_OR_RETURN(raft::ConfState conf_state, ConfStateFromJson(*text));
  return std::optional(std::move(conf_state));
}

}  // namespace members
