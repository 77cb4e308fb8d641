#include "state/apply/state.h"

#include <string>
#include <utility>

#include "state/admission/rules.h"
#include "state/auth/users.h"
#include "state/leases/leases.h"
#include "state/leases/planted.h"
#include "state/v2/store.h"
#include "storage/schema/consistent_index.h"

namespace apply {
namespace {

base::Status Unsupported(std::string_view what) {
  return {base::Code::kUnimplemented,
          "the database has " + std::string(what) + ", which this version does not support"};
}

}  // namespace

State::State(std::unique_ptr<backend::Backend> database, const Options& options)
    : database_(std::move(database)),
      buffer_(options.commits, [this](base::Index index, base::Term term, backend::Batch* batch) {
        schema::PutConsistentIndex({index, term}, batch);
        v2_->Stamp(batch);
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
  ASSIGN_OR_RETURN(users_, auth::Users::Load(*reader, &buffer_));
  ASSIGN_OR_RETURN(leases::Leases leases,
                   leases::Leases::Load(*reader, options.lease_ttl_min, &buffer_));
  leases_ = std::make_unique<leases::Leases>(std::move(leases));
  ASSIGN_OR_RETURN(rules_, admission::Rules::Load(*reader, &buffer_));
  ASSIGN_OR_RETURN(v2_, v2::Store::Load(*reader, &buffer_));
  ASSIGN_OR_RETURN(store_, mvcc::Store::Open(database_.get(), &buffer_, clock, options.store,
                                             [this](base::ByteView key, base::LeaseId lease) {
                                               using Bug = leases::PlantedBug;
                                               if (base::Planted(Bug::kLoadAttachesNothing)) return;
                                               leases_->Attach(lease, key);
                                             }));
  buffer_.EndUnlogged(clock->Now());  // what the users have added
  return {};
}

const runtime::Published<const auth::View>& State::auth_view() const {
  return users_->published();
}

const runtime::Published<const admission::RuleSet>& State::admission_rules() const {
  return rules_->published();
}

void State::SetConfiguration(raft::Membership configuration) {
  configuration_ = std::move(configuration);
  members_->SaveConfState(configuration_.ToConfState());
}

void State::PublishView() {
  ClusterView view;
  for (const auto& [id, member] : members_->members()) view.members.push_back(member);
  view.removed.assign(members_->removed().begin(), members_->removed().end());
  view.cluster_version = members_->cluster_version();
  view.downgrade = members_->downgrade();
  view.alarms = alarms_->Get(alarms::Type::kNone);
  view_.Set(std::make_shared<const ClusterView>(std::move(view)));
}

}  // namespace apply
