#include "server/replacing.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "server/planted.h"

namespace server {
namespace {

// A removal and an addition, each of which another leader may have done meanwhile, and a look.
constexpr int kTurnsMax = 5;

std::string IdText(base::MemberId id) {
  return members::HexText(id.value());
}

base::Status ForGood(std::string why) {
  return {base::Code::kFailedPrecondition, std::move(why)};
}

base::Status AskAgain(std::string why) {
  return {base::Code::kUnavailable, std::move(why)};
}

bool AreSame(std::vector<std::string> urls, std::vector<std::string> others) {
  std::sort(urls.begin(), urls.end());
  std::sort(others.begin(), others.end());
  return urls == others;
}

// Somebody else did it first, or may do it yet.
bool IsToBeLookedAtAgain(const base::Status& status) {
  return status == base::errors::kMemberNotFound || status == base::errors::kMemberExists ||
         status == base::errors::kPeerUrlExists;
}

}  // namespace

struct Replacing::Request {
  Replacement replacement;
  Caller caller;
  OnReplaced on_replaced;
  int turns = 0;
};

Replacing::Replacing(const Options& options, const Environment& environment, const Parts& parts)
    : options_(options), environment_(environment), parts_(parts) {}

void Replacing::Replace(Replacement replacement, const Caller& caller, OnReplaced on_replaced) {
  auto request = std::make_shared<Request>();
  request->replacement = std::move(replacement);
  request->caller = caller;
  request->on_replaced = std::move(on_replaced);
  environment_.apply_loop->Post([this, request] { Advance(request); });
}

void Replacing::Advance(std::shared_ptr<Request> request) {
  if (const base::Status leads = CheckLeads(); !leads.ok()) return request->on_replaced(leads);
  if (request->turns++ == kTurnsMax) {
    return request->on_replaced(AskAgain("the members change all the time"));
  }
  parts_.frontend->ReadIndex([this, request = std::move(request)](const base::Status& status) {
    if (!status.ok()) return request->on_replaced(AskAgain(std::string(status.message())));
    const base::Result<Step> step = NextStep(request->replacement);
    if (step.ok()) return Take(*step, request);
    environment_.logger->Warn("cannot replace a member",
                              {{"member-id", IdText(request->replacement.member)},
                               {"successor-id", IdText(request->replacement.successor)},
                               {"error", step.status().message()}});
    request->on_replaced(step.status());
  });
}

void Replacing::Take(Step step, std::shared_ptr<Request> request) {
  if (step == Step::kNone) return request->on_replaced(Members());
  const Replacement& asked = request->replacement;
  if (step == Step::kRemove) base::Mark<"server: a member is removed to be replaced">();
  environment_.logger->Warn(step == Step::kRemove
                                ? "removing a member that may have lost what it has promised"
                                : "adding a learner in the place of such a member",
                            {{"member-id", IdText(asked.member)},
                             {"member-name", asked.name},
                             {"successor-id", IdText(asked.successor)},
                             {"peer-urls", asked.peer_urls}});
  const auto go_on = [this, request](const base::Result<std::vector<members::Member>>& members) {
    if (members.ok() || IsToBeLookedAtAgain(members.status())) return Advance(request);
    request->on_replaced(AskAgain(std::string(members.status().message())));
  };
  if (step == Step::kRemove) {
    return parts_.reconfiguration->RemoveFor(asked.successor, asked.member, request->caller, go_on);
  }
  parts_.reconfiguration->Add({.id = asked.successor,
                               .peer_urls = asked.peer_urls,
                               .is_learner = true,
                               .name = {},
                               .client_urls = {}},
                              request->caller, go_on);
}

base::Status Replacing::CheckLeads() const {
  const base::MemberId leader(parts_.progress->leader);
  if (leader == parts_.self) return {};
  if (leader == base::MemberId()) return AskAgain("there is no leader");
  return AskAgain("not the leader, which is " + IdText(leader));
}

base::Result<Replacing::Step> Replacing::NextStep(const Replacement& replacement) const {
  const members::Membership& cluster = parts_.apply_loop->members();
  if (replacement.cluster != parts_.cluster) return ForGood("it is a member of another cluster");
  if (base::Planted(PlantedBug::kReplacedKeepsItsId)) return Step::kNone;
  if (cluster.removed().contains(replacement.successor)) {
    return ForGood("the successor " + IdText(replacement.successor) + " was removed, too");
  }
  if (const members::Member* const successor = cluster.Find(replacement.successor)) {
    if (AreSame(successor->peer_urls, replacement.peer_urls)) return Step::kNone;
    return ForGood("the successor is another member");
  }
  if (const members::Member* const member = cluster.Find(replacement.member)) {
    RETURN_IF_ERROR(CheckMember(replacement, *member));
    return Step::kRemove;
  }
  return StepWithout(replacement);
}

// The member is none any more.
base::Result<Replacing::Step> Replacing::StepWithout(const Replacement& replacement) const {
  const members::Membership& cluster = parts_.apply_loop->members();
  if (!cluster.removed().contains(replacement.member)) {
    return ForGood("there is no member " + IdText(replacement.member));
  }
  if (cluster.SuccessorOf(replacement.member) != replacement.successor) {
    return ForGood("member " + IdText(replacement.member) +
                   " was removed from the cluster by somebody else");
  }
  return Step::kAdd;
}

base::Status Replacing::CheckMember(const Replacement& replacement,
                                    const members::Member& member) const {
  const members::Membership& cluster = parts_.apply_loop->members();
  if (!AreSame(member.peer_urls, replacement.peer_urls)) {
    return ForGood("its peer URLs are others than those of member " + IdText(member.id));
  }
  size_t other_voters = 0;
  size_t other_learners = 0;
  for (const auto& [id, other] : cluster.members()) {
    if (id == member.id) continue;
    ++(other.is_learner ? other_learners : other_voters);
  }
  if (other_voters == 0) return ForGood("no other member votes");
  const bool is_connected =
      member.id == parts_.self || (environment_.transport != nullptr &&
                                   environment_.transport->ActiveSince(member.id).has_value());
  if (is_connected) return AskAgain("member " + IdText(member.id) + " is connected");
  if (!parts_.reconfiguration->IsHealthyWithout(member.id)) {
    return AskAgain("too few of the other voters have been connected for long enough");
  }
  if (other_learners >= options_.max_learners) {
    return AskAgain("there is no place for another learner, see --max-learners");
  }
  return {};
}

std::vector<members::Member> Replacing::Members() const {
  std::vector<members::Member> all;
  for (const auto& [id, member] : parts_.apply_loop->members().members()) all.push_back(member);
  return all;
}

}  // namespace server
