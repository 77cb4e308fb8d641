#include "server/downgrading.h"

#include <memory>
#include <utility>

#include "base/errors.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"

namespace server {
namespace {

// Compat: the patch may be left out.
std::optional<members::Version> ParseTarget(const std::string& text) {
  auto version = members::ParseVersion(text);
  if (!version.has_value()) version = members::ParseVersion(text + ".0");
  if (!version.has_value()) return std::nullopt;
  return version->Cluster();
}

}  // namespace

members::Version DowngradeTarget(const members::Version& current) {
  // There was no minor version before the first.
  const uint32_t minor = current.minor == 0 ? 0 : current.minor - 1;
  return {current.major, minor, 0};
}

void ProposeDowngrade(Frontend* frontend, const std::optional<members::Version>& target,
                      const Caller& caller, Frontend::OnReply on_reply) {
  membershippb::DowngradeInfoSetRequest request;
  request.set_enabled(target.has_value());
  if (target.has_value()) request.set_ver(target->ToString());
  frontend->Propose(etcdserverpb::InternalRaftRequest::kDowngradeInfoSetFieldNumber,
                    request.SerializeAsString(), std::move(on_reply), caller);
}

base::Result<members::Version> Downgrading::CheckNow(const std::string& target) const {
  const auto version = ParseTarget(target);
  const members::Membership& membership = parts_.apply_loop->members();
  const auto current = members::ParseVersion(membership.cluster_version());
  if (!current.has_value()) return base::Status(base::errors::kClusterVersionUnavailable);
  if (*version != DowngradeTarget(*current) || *version == *current) {
    return base::Status(base::errors::kInvalidDowngradeTargetVersion);
  }
  if (membership.downgrade().enabled) return base::Status(base::errors::kDowngradeInProgress);
  return *version;
}

void Downgrading::Check(const std::string& target, OnChecked on_checked) {
  environment_.apply_loop->Post([this, target, on_checked = std::move(on_checked)]() mutable {
    if (!ParseTarget(target).has_value()) {
      return on_checked(base::Status(base::errors::kWrongDowngradeVersionFormat));
    }
    parts_.frontend->ReadIndex(
        [this, target, on_checked = std::move(on_checked)](const base::Status& status) mutable {
          if (!status.ok()) return on_checked(status);
          on_checked(CheckNow(target));
        });
  });
}

base::Result<std::string> Downgrading::Done() const {
  const auto current = members::ParseVersion(parts_.apply_loop->members().cluster_version());
  if (!current.has_value()) return base::Status(base::errors::kClusterVersionUnavailable);
  return std::to_string(current->major) + "." + std::to_string(current->minor);
}

void Downgrading::Propose(const std::optional<members::Version>& target, const Caller& caller,
                          OnDone on_done) {
  ProposeDowngrade(parts_.frontend, target, caller,
                   [this, on_done = std::move(on_done)](const apply::Reply& reply) mutable {
                     on_done(reply.status.ok() ? Done() : reply.status);
                   });
}

void Downgrading::Validate(std::string target, OnDone on_done) {
  Check(target, [this, on_done = std::move(on_done)](const auto& checked) mutable {
    on_done(checked.ok() ? Done() : checked.status());
  });
}

void Downgrading::Enable(std::string target, const Caller& caller, OnDone on_done) {
  Check(target, [this, caller, on_done = std::move(on_done)](const auto& checked) mutable {
    if (!checked.ok()) {
      environment_.logger->Warn("reject downgrade request",
                                {{"error", checked.status().message()}});
      return on_done(checked.status());
    }
    Propose(*checked, caller, std::move(on_done));
  });
}

void Downgrading::Cancel(const Caller& caller, OnDone on_done) {
  environment_.apply_loop->Post([this, caller, on_done = std::move(on_done)]() mutable {
    parts_.frontend->ReadIndex(
        [this, caller, on_done = std::move(on_done)](const base::Status& status) mutable {
          if (!status.ok()) return on_done(status);
          if (parts_.apply_loop->members().downgrade().enabled) {
            return Propose(std::nullopt, caller, std::move(on_done));
          }
          environment_.logger->Error("failed to cancel downgrade",
                                     {{"error", base::errors::kNoInflightDowngrade.text}});
          on_done(Done());
        });
  });
}

void Downgrading::IsPending(base::Callback<void(base::Result<bool> pending)> on_answer) {
  environment_.apply_loop->Post([this, on_answer = std::move(on_answer)]() mutable {
    parts_.frontend->ReadIndex(
        [this, on_answer = std::move(on_answer)](const base::Status& status) mutable {
          if (!status.ok()) return on_answer(status);
          on_answer(IsPendingNow());
        });
  });
}

bool Downgrading::IsPendingNow() const {
  const members::Membership& membership = parts_.apply_loop->members();
  return membership.downgrade().enabled && members::ParseVersion(membership.downgrade().target) !=
                                               members::ParseVersion(membership.cluster_version());
}

}  // namespace server
