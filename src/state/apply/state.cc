#include "state/apply/state.h"

#include <string>
#include <utility>

#include "state/leases/leases.h"
#include "state/leases/planted.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"

namespace apply {
namespace {

base::Status Unsupported(std::string_view what) {
  return {base::Code::kUnimplemented,
          "the database has " + std::string(what) + ", which this version does not support"};
}

// What another version has left there and nobody here would heed: a key that is protected would be
// read by everybody.
base::Status CheckIsSupported(backend::Reader& reader) {
  constexpr std::pair<schema::Bucket, std::string_view> kUnsupported[] = {
      {schema::Bucket::kAuthUsers, "users"}, {schema::Bucket::kAuthRoles, "roles"}};
  for (const auto& [bucket, what] : kUnsupported) {
    const auto cursor = reader.NewCursor(schema::Id(bucket));
    RETURN_IF_ERROR(cursor->Seek({}));
    if (cursor->valid()) return Unsupported(what);
  }
  ASSIGN_OR_RETURN(const auto enabled,
                   reader.Get(schema::Id(schema::Bucket::kAuth), schema::kAuthEnabled));
  if (enabled.has_value() && *enabled != base::ByteView("\0", 1)) {
    return Unsupported("authentication enabled");
  }
  return {};
}

}  // namespace

State::State(std::unique_ptr<backend::Backend> database, const Options& options)
    : database_(std::move(database)),
      buffer_(options.commits, [](base::Index index, base::Term term, backend::Batch* batch) {
        schema::PutConsistentIndex({index, term}, batch);
      }) {}

State::~State() = default;

base::Result<std::shared_ptr<State>> State::Open(std::unique_ptr<backend::Backend> database,
                                                 const Options& options,
                                                 const runtime::Clock* clock) {
  std::shared_ptr<State> state(new State(std::move(database), options));
  RETURN_IF_ERROR(state->Load(options, clock));
  state->PublishView();
  return state;
}

base::Status State::Load(const Options& options, const runtime::Clock* clock) {
  ASSIGN_OR_RETURN(const auto reader, database_->NewReader());
  RETURN_IF_ERROR(CheckIsSupported(*reader));
  ASSIGN_OR_RETURN(const auto conf_state, members::ReadConfState(*reader));
  if (conf_state.has_value()) {
    ASSIGN_OR_RETURN(configuration_, raft::Membership::FromConfState(*conf_state));
  }
  ASSIGN_OR_RETURN(members::Membership members, members::Membership::Load(*reader, &buffer_));
  members_ = std::make_unique<members::Membership>(std::move(members));
  const members::Extensions lacking = members::Lacking(members_->extensions(), options.extensions);
  if (!lacking.empty()) return Unsupported("extensions " + members::ToText(lacking));
  ASSIGN_OR_RETURN(alarms::Alarms alarms, alarms::Alarms::Load(*reader, &buffer_));
  alarms_ = std::make_unique<alarms::Alarms>(std::move(alarms));
  ASSIGN_OR_RETURN(leases::Leases leases,
                   leases::Leases::Load(*reader, options.lease_ttl_min, &buffer_));
  leases_ = std::make_unique<leases::Leases>(std::move(leases));
  ASSIGN_OR_RETURN(store_, mvcc::Store::Open(database_.get(), &buffer_, clock, options.store,
                                             [this](base::ByteView key, base::LeaseId lease) {
                                               using Bug = leases::PlantedBug;
                                               if (base::Planted(Bug::kLoadAttachesNothing)) return;
                                               leases_->Attach(lease, key);
                                             }));
  return {};
}

void State::SetConfiguration(raft::Membership configuration) {
  configuration_ = std::move(configuration);
  members_->SaveConfState(configuration_.ToConfState());
}

void State::PublishView() {
  ClusterView view;
  for (const auto& [id, member] : members_->members()) view.members.push_back(member);
  view.cluster_version = members_->cluster_version();
  view.downgrade = members_->downgrade();
  view.alarms = alarms_->Get(alarms::Type::kNone);
  view_.Set(std::make_shared<const ClusterView>(std::move(view)));
}

}  // namespace apply
