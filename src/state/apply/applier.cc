#include "state/apply/applier.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "runtime/failpoint.h"
#include "state/admission/rules.h"
#include "state/apply/member_list.h"
#include "state/apply/planted.h"
#include "state/apply/request_codec.h"
#include "state/apply/request_rights.h"
#include "state/apply/request_support.h"
#include "state/apply/request_type.h"
#include "state/auth/users.h"
#include "state/kv/request_check.h"
#include "state/kv/write.h"
#include "state/leases/leases.h"
#include "state/members/versions.h"
#include "state/v2/store.h"

// Why refusals and failures are different types: a refusal is an answer that every member gives,
// and the entry counts as applied; a failure is this member's alone. Were it answered and passed
// over, this member's state would differ from the others' from then on, without a word.
//
// Why a request is parsed into a block of memory that is used again: most are small, and to give
// each of their fields its own piece of memory would cost more than to carry them out.

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;

// All of an answer follows from the request and the state.
Reply ReplyOf(kv::Applied applied) {
  if (!applied.too_large.ok()) return {std::move(applied.too_large), {}, applied.revision};
  return {std::move(applied.refusal), std::move(applied.body), applied.revision};
}

base::Status Unsupported(std::string_view what) {
  return {base::Code::kUnimplemented, std::string(what) + " is not supported by this version"};
}

// The request, by its name in etcd; of those that are fields unknown here, by their number.
std::string NameOf(const InternalRaftRequest& request) {
  const auto& unknown = request.GetReflection()->GetUnknownFields(request);
  if (!unknown.empty()) return "request " + std::to_string(unknown.field(0).number());
  const uint32_t field = RequestField(request);
  if (field == 0) return "an empty request";
  return InternalRaftRequest::descriptor()->FindFieldByNumber(static_cast<int>(field))->name();
}

// Requests that change nothing, wherever they come from.
bool OnlyReads(const InternalRaftRequest& request) {
  return request.has_range() || request.has_auth_status() || request.has_auth_user_get() ||
         request.has_auth_user_list() || request.has_auth_role_get() ||
         request.has_auth_role_list();
}

base::Status At(const raft::Entry& entry, const base::Status& status) {
  return {status.code(), "entry " + ToString(entry.index) + ": " + std::string(status.message())};
}

template <typename Response>
Reply ReplyWith(const Response& response) {
  return Reply{{}, response.SerializeAsString()};
}

bool IsAlarm(int type) {
  return type == etcdserverpb::NOSPACE || type == etcdserverpb::CORRUPT;
}

// The first version of a cluster whose members all keep checkpoints of leases.
constexpr members::Version kKeepsCheckpoints{3, 6, 0};

}  // namespace

Applier::Applier(Options options, std::shared_ptr<State> state, raft::EntryId applied)
    : options_(std::move(options)) {
  Replace(std::move(state), applied);
}

void Applier::Replace(std::shared_ptr<State> state, raft::EntryId applied) {
  const bool is_first = state_ == nullptr;
  state->users().SetObserver(options_.auth_observer);
  judge_.emplace(&state->auth_view());
  if (!is_first) state->v2().TakePlaceOf(state_->v2());
  state_ = std::move(state);
  const bool ends_tokens = !is_first && !base::Planted(PlantedBug::kSnapshotKeepsTokens);
  if (ends_tokens && options_.auth_observer != nullptr) options_.auth_observer->OnAllChanged();
  applied_ = applied;
  published_.Set(state_);
}

base::Result<Applier::Outcome> Applier::Apply(const raft::Entry& entry, runtime::TimePoint now) {
  CHECK_EQ(entry.index, applied_.index + 1);
  base::Result<Outcome> outcome = Outcome();
  if (entry.type != raft::EntryType::kNormal) {
    outcome = ApplyConfChange(entry);
  } else if (!entry.data.empty()) {
    outcome = ApplyRequest(entry);
  }
  if (!outcome.ok()) return At(entry, outcome.status());
  applied_ = {entry.term, entry.index};
  state_->buffer().EndEntry(entry.index, entry.term, now);
  return outcome;
}

base::Result<Applier::Outcome> Applier::ApplyRequest(const raft::Entry& entry) {
  request_memory_.Reset();
  auto& request = *google::protobuf::Arena::CreateMessage<InternalRaftRequest>(&request_memory_);
  if (!ParseEntry(entry.data.view(), &request)) {
    return base::Status(base::Code::kDataLoss, "this is no request");
  }
  const uint64_t id = request.has_header() ? request.header().id() : request.id();
  ASSIGN_OR_RETURN(Reply reply, ApplyRequest(request, entry.index, options_.is_awaited(id)));
  return Outcome{.id = id, .request = &request, .reply = std::move(reply)};
}

base::Status Applier::CheckAlarms(const InternalRaftRequest& request) const {
  if (state_->alarms().Any(alarms::Type::kCorrupt)) {
    const bool touches_keys = request.has_range() || request.has_put() ||
                              request.has_delete_range() || request.has_txn() ||
                              request.has_compaction() || request.has_lease_grant() ||
                              request.has_lease_revoke();
    if (touches_keys) return base::errors::kCorrupt;
  }
  if (state_->alarms().Any(alarms::Type::kNoSpace)) {
    const bool takes_space = request.has_put() || request.has_lease_grant() ||
                             (request.has_txn() && kv::QuotaCost(request.txn()) > 0) ||
                             (request.has_v2() && v2::TakesSpace(request.v2()));
    if (takes_space) return base::errors::kNoSpace;
  }
  return {};
}

base::Status Applier::CheckAllowed(const InternalRaftRequest& request) {
  RETURN_IF_ERROR(CheckAlarms(request));
  const auth::Identity who{request.header().username(), request.header().auth_revision()};
  return CheckRights(*judge_, who, state_->leases(), request);
}

base::Result<Reply> Applier::ApplyRequest(const InternalRaftRequest& request, base::Index index,
                                          bool is_awaited) {
  if (!IsSupported(request)) return Unsupported(NameOf(request));
  if (base::Status forbidden = CheckAllowed(request); !forbidden.ok()) {
    return Reply{std::move(forbidden)};
  }
  const kv::WriteContext context{&state_->store(), &state_->leases(), &counts_, is_awaited};
  if (request.has_put()) {
    ASSIGN_OR_RETURN(kv::Applied applied, kv::Put(context, request.put()));
    return ReplyOf(std::move(applied));
  }
  if (request.has_txn()) {
    ASSIGN_OR_RETURN(kv::Applied applied, kv::Txn(context, request.txn()));
    return ReplyOf(std::move(applied));
  }
  if (request.has_delete_range()) {
    ASSIGN_OR_RETURN(kv::Applied applied, kv::DeleteRange(context, request.delete_range()));
    return ReplyOf(std::move(applied));
  }
  if (request.has_compaction()) return Compact(request.compaction());
  if (request.has_lease_grant()) return GrantLease(request.lease_grant());
  if (request.has_lease_revoke()) return RevokeLease(request.lease_revoke(), context);
  if (request.has_lease_checkpoint()) return CheckpointLeases(request.lease_checkpoint());
  if (request.has_alarm()) return ApplyAlarm(request.alarm());
  if (request.has_cluster_version_set()) {
    state_->members().SetClusterVersion(request.cluster_version_set().ver());
    state_->v2().CountOther();
    state_->PublishView();
    return Reply{};
  }
  if (request.has_downgrade_info_set()) {
    const auto& set = request.downgrade_info_set();
    state_->members().SetDowngrade({set.enabled(), set.enabled() ? set.ver() : std::string()});
    state_->PublishView();
    return Reply{};
  }
  if (request.has_cluster_member_attr_set()) {
    const auto& set = request.cluster_member_attr_set();
    const auto& urls = set.member_attributes().client_urls();
    state_->members().SetAttributes(base::MemberId(set.member_id()), set.member_attributes().name(),
                                    {urls.begin(), urls.end()});
    state_->v2().CountOther();
    state_->PublishView();
    return Reply{};
  }
  if (request.has_extensions_set()) return SetExtensions(request.extensions_set());
  if (request.has_admission_rule_set() || request.has_admission_rule_delete()) {
    return ChangeRules(request);
  }
  if (request.has_v2()) return ApplyV2(request.v2(), is_awaited);
  if (std::optional<Reply> reply = ApplyAuth(request, index)) return *std::move(reply);
  if (OnlyReads(request)) return Reply{base::errors::kUnknownMethod};
  return Unsupported(NameOf(request));
}

Reply Applier::Compact(const etcdserverpb::CompactionRequest& request) {
  base::Status status = state_->store().Compact(base::Revision(request.revision()));
  if (!status.ok()) return Reply{std::move(status)};
  return Reply{{}, {}, state_->store().revision()};
}

base::Result<Reply> Applier::SetExtensions(const etcdserverpb::ExtensionsSetRequest& request) {
  const std::set<uint64_t> willing(request.member_ids().begin(), request.member_ids().end());
  for (const auto& [id, member] : state_->members().members()) {
    if (willing.contains(id.value())) continue;
    return Reply{base::Status(base::Code::kFailedPrecondition,
                              "the cluster has members that were not asked for their extensions")};
  }
  members::Extensions extensions = state_->members().extensions();
  extensions.insert(request.names().begin(), request.names().end());
  const members::Extensions lacking = members::Lacking(extensions, options_.extensions);
  if (!lacking.empty()) return Unsupported("extension " + members::ToText(lacking));
  state_->members().SetExtensions(std::move(extensions));
  const bool begins = request.names().end() !=
                      std::find(request.names().begin(), request.names().end(), v2::kExtension);
  // As if it had been there from the beginning: each member's record and name, and the version.
  if (begins && !state_->v2().begun()) {
    state_->v2().Begin(2 * state_->members().members().size() + 1);
  }
  return Reply{};
}

Reply Applier::ChangeRules(const InternalRaftRequest& request) {
  if (!state_->members().extensions().contains(admission::kExtension)) {
    return Reply{
        base::Status(base::Code::kFailedPrecondition, "the cluster does not take admission rules")};
  }
  base::Status status = request.has_admission_rule_set()
                            ? state_->rules().Set(request.admission_rule_set().rule())
                            : state_->rules().Delete(request.admission_rule_delete().name());
  return Reply{std::move(status), {}, state_->store().revision()};
}

Reply Applier::ApplyV2(const v2pb::Request& request, bool is_awaited) {
  if (!state_->v2().begun()) {
    return Reply{
        base::Status(base::Code::kFailedPrecondition, "the cluster does not take v2 requests")};
  }
  v2::Result result = state_->v2().Apply(request);
  Reply reply;
  if (is_awaited) reply.v2 = std::make_shared<const v2::Result>(std::move(result));
  return reply;
}

Reply Applier::GrantLease(const etcdserverpb::LeaseGrantRequest& request) {
  const base::Result<leases::Lease> lease =
      state_->leases().Grant(base::LeaseId(request.id()), request.ttl());
  if (!lease.ok()) return Reply{lease.status()};
  if (options_.lease_observer != nullptr) options_.lease_observer->OnGranted(*lease);
  etcdserverpb::LeaseGrantResponse response;
  response.set_id(lease->id.value());
  response.set_ttl(lease->ttl);
  return Reply{{}, response.SerializeAsString(), state_->store().revision()};
}

base::Result<Reply> Applier::RevokeLease(const etcdserverpb::LeaseRevokeRequest& request,
                                         const kv::WriteContext& context) {
  leases::Leases& leases = state_->leases();
  const base::LeaseId id(request.id());
  if (!leases.Exists(id)) return Reply{base::errors::kLeaseNotFound};
  if (options_.lease_observer != nullptr) options_.lease_observer->OnRevoking(id);
  RETURN_IF_ERROR(kv::DeleteKeys(context, leases.Keys(id)));
  leases.Revoke(id);
  return Reply{{}, {}, state_->store().revision()};
}

Reply Applier::CheckpointLeases(const etcdserverpb::LeaseCheckpointRequest& request) {
  const auto version = members::ParseVersion(state_->members().cluster_version());
  const bool kept = options_.keep_lease_checkpoints || version >= kKeepsCheckpoints;
  leases::Leases& leases = state_->leases();
  for (const etcdserverpb::LeaseCheckpoint& checkpoint : request.checkpoints()) {
    const base::LeaseId id(checkpoint.id());
    leases.Checkpoint(id, checkpoint.remaining_ttl(), kept);
    const std::optional<leases::Lease> lease = leases.Find(id);
    if (!lease.has_value() || options_.lease_observer == nullptr) continue;
    options_.lease_observer->OnCheckpointed(*lease);
  }
  return Reply{{}, {}, state_->store().revision()};
}

std::optional<Reply> Applier::ApplyAuth(const InternalRaftRequest& request, base::Index index) {
  auth::Users& users = state_->users();
  if (request.has_authenticate()) {
    const auto& authenticate = request.authenticate();
    const auto token = users.LogIn(authenticate.name(), authenticate.simple_token(), index);
    if (!token.ok()) return Reply{token.status()};
    etcdserverpb::AuthenticateResponse response;
    response.set_token(*token);
    return ReplyWith(response);
  }
  if (request.has_auth_enable()) return Reply{users.Enable()};
  if (request.has_auth_disable()) {
    users.Disable();
    return Reply{};
  }
  std::optional<base::Status> status = ChangeUsers(request);
  if (!status.has_value()) status = ChangeRoles(request);
  return status.has_value() ? std::optional(Reply{*std::move(status)}) : std::nullopt;
}

std::optional<base::Status> Applier::ChangeUsers(const InternalRaftRequest& request) {
  auth::Users& users = state_->users();
  if (request.has_auth_user_add()) return users.AddUser(request.auth_user_add());
  if (request.has_auth_user_delete()) return users.DeleteUser(request.auth_user_delete().name());
  if (request.has_auth_user_change_password()) {
    return users.ChangePassword(request.auth_user_change_password());
  }
  if (request.has_auth_user_grant_role()) {
    const auto& grant = request.auth_user_grant_role();
    return users.GrantRole(grant.user(), grant.role());
  }
  if (request.has_auth_user_revoke_role()) {
    const auto& revoke = request.auth_user_revoke_role();
    return users.RevokeRole(revoke.name(), revoke.role());
  }
  return std::nullopt;
}

std::optional<base::Status> Applier::ChangeRoles(const InternalRaftRequest& request) {
  auth::Users& users = state_->users();
  if (request.has_auth_role_add()) return users.AddRole(request.auth_role_add().name());
  if (request.has_auth_role_delete()) return users.DeleteRole(request.auth_role_delete().role());
  if (request.has_auth_role_grant_permission()) {
    return users.GrantPermission(request.auth_role_grant_permission());
  }
  if (request.has_auth_role_revoke_permission()) {
    return users.RevokePermission(request.auth_role_revoke_permission());
  }
  return std::nullopt;
}

Reply Applier::ApplyAlarm(const etcdserverpb::AlarmRequest& request) {
  etcdserverpb::AlarmResponse response;
  const auto add = [&response](const alarms::Alarm& alarm) {
    etcdserverpb::AlarmMember* const member = response.add_alarms();
    member->set_memberid(alarm.member.value());
    member->set_alarm(static_cast<etcdserverpb::AlarmType>(alarm.type));
  };
  const alarms::Alarm alarm{base::MemberId(request.memberid()),
                            static_cast<alarms::Type>(request.alarm())};
  switch (request.action()) {
    case etcdserverpb::AlarmRequest::GET:
      for (const alarms::Alarm& raised : state_->alarms().Get(alarm.type)) add(raised);
      break;
    case etcdserverpb::AlarmRequest::ACTIVATE:
      if (!IsAlarm(request.alarm())) break;
      if (state_->alarms().Activate(alarm)) state_->PublishView();
      add(alarm);
      break;
    case etcdserverpb::AlarmRequest::DEACTIVATE:
      if (!state_->alarms().Deactivate(alarm)) break;
      state_->PublishView();
      add(alarm);
      break;
    default:
      break;
  }
  return ReplyWith(response);
}

base::Result<Applier::Outcome> Applier::ApplyConfChange(const raft::Entry& entry) {
  runtime::Reach(runtime::Failpoint::kBeforeApplyOneConfChange);
  Outcome outcome;
  if (entry.type == raft::EntryType::kConfChange) {
    ASSIGN_OR_RETURN(const raft::ConfChange change, raft::DecodeConfChange(entry.data.view()));
    outcome.id = change.id;
  }
  ASSIGN_OR_RETURN(raft::ConfChangeV2 change, raft::ConfChangeOf(entry));
  RETURN_IF_ERROR(ChangeMembership(&change, &outcome.reply));
  ASSIGN_OR_RETURN(raft::Membership next, raft::Change(state_->configuration(), change));
  state_->SetConfiguration(std::move(next));
  state_->PublishView();
  outcome.change = std::move(change);
  if (outcome.reply.status.ok() && options_.is_awaited(outcome.id)) {
    outcome.reply.body = EncodeMembers(state_->view().Get()->members);
  }
  return outcome;
}

// What the members do not allow is made to have no effect, for raft too.
base::Status Applier::ChangeMembership(raft::ConfChangeV2* change, Reply* reply) {
  std::vector<members::ChangeContext> contexts(change->changes.size());
  if (!change->context.empty()) {
    ASSIGN_OR_RETURN(contexts,
                     members::ChangeContextsFromJson(change->context, change->changes.size()));
  }
  for (size_t i = 0; i < contexts.size(); ++i) {
    raft::ConfChangeSingle& single = change->changes[i];
    reply->status =
        state_->members().Validate(single.type, single.node_id, contexts[i], options_.max_learners);
    if (reply->status.ok()) {
      ChangeMember(single, contexts[i]);
    } else {
      single.node_id = base::MemberId();
    }
  }
  return {};
}

void Applier::ChangeMember(const raft::ConfChangeSingle& change,
                           const members::ChangeContext& context) {
  members::Membership& members = state_->members();
  switch (change.type) {
    case raft::ConfChangeType::kAddNode:
    case raft::ConfChangeType::kAddLearnerNode:
      state_->v2().CountOther();
      if (context.is_promote) return members.Promote(change.node_id);
      return members.Add(context.member);
    case raft::ConfChangeType::kRemoveNode:
      // Its record goes, and another comes that says so.
      state_->v2().CountOther();
      state_->v2().CountOther();
      return members.Remove(change.node_id, context.successor);
    case raft::ConfChangeType::kUpdateNode:
      state_->v2().CountOther();
      return members.UpdatePeerUrls(change.node_id, context.member.peer_urls);
  }
}

}  // namespace apply
