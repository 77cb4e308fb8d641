#include "sim/library_workload.h"

#include <algorithm>
#include <utility>

namespace sim {
namespace {

// More than the semaphore has places.
constexpr size_t kUsers = RecipeAccounts::kParties;
static_assert(kUsers > LibraryJudges::kLimit);

constexpr char kStandstills[] = "library: processes that stood still";
constexpr char kCutOff[] = "library: hosts that were cut off";

}  // namespace

LibraryWorkload::LibraryWorkload(runtime::simulated::Scheduler* scheduler,
                                 runtime::simulated::Wires* wires, Checker* checker,
                                 const Plan& plan, LibraryKeys::Parts keys, WatchOrder::Parts watch)
    : random_(scheduler->random()),
      plan_(plan),
      loop_(scheduler->NewLoop("library")),
      judges_(checker),
      accounts_(checker),
      keys_(std::move(keys)) {
  for (size_t i = 1; i <= kUsers; ++i) {
    auto& user = *users_.emplace_back(
        std::make_unique<LibraryUser>(LibraryUser::Parts{.scheduler = scheduler,
                                                         .wires = wires,
                                                         .loop = loop_.get(),
                                                         .checker = checker,
                                                         .plan = &plan_,
                                                         .watch = watch},
                                      "u" + std::to_string(i)));
    if (plan.client_library_interval != runtime::Duration{0}) AddHolders(&user);
    if (plan.recipe_interval != runtime::Duration{0}) AddRecipes(&user);
  }
}

void LibraryWorkload::AddHolders(LibraryUser* user) {
  auto& key_work = *key_work_.emplace_back(std::make_unique<LibraryKeys>(user, &keys_));
  user->AddWork([&key_work] { key_work.Work(); });
  for (const auto kind :
       {LibraryHolder::Kind::kLock, LibraryHolder::Kind::kLeadership, LibraryHolder::Kind::kSlot}) {
    auto& holder = *holders_.emplace_back(std::make_unique<LibraryHolder>(user, &judges_, kind));
    user->AddWork([&holder] { holder.Work(); });
  }
}

void LibraryWorkload::AddRecipes(LibraryUser* user) {
  auto& recipes = *recipes_.emplace_back(
      std::make_unique<LibraryRecipes>(user, &accounts_, plan_.recipe_interval));
  for (const auto work :
       {&LibraryRecipes::UseQueue, &LibraryRecipes::UsePriorityQueue, &LibraryRecipes::Transact,
        &LibraryRecipes::UseBarrier, &LibraryRecipes::Meet}) {
    user->AddWork([&recipes, work] { (recipes.*work)(); });
  }
}

void LibraryWorkload::Check(const std::vector<Process*>& processes) {
  if (recipes_.empty()) return;
  for (Process* const process : processes) LibraryRecipes::Check(*process, &accounts_);
}

Tally LibraryWorkload::NothingHappened() {
  Tally tally = {kStandstills, kCutOff};
  tally.Add(LibraryJudges::NothingHappened());
  tally.Add(RecipeAccounts::NothingHappened());
  return tally;
}

Tally LibraryWorkload::tally() const {
  Tally tally;
  tally.Add(judges_.happened);
  tally.Add(accounts_.happened);
  for (const auto& user : users_) {
    tally.Add(kStandstills, user->pauses());
    tally.Add(kCutOff, user->cut_offs());
  }
  return tally;
}

LibraryUser& LibraryWorkload::RandomUser() {
  return *users_[random_.Below(users_.size())];
}

void LibraryWorkload::Dial(const std::vector<runtime::Address>& members) {
  LibraryUser& user = RandomUser();
  random_.OneIn(2) ? user.Dial(members) : user.StartAnew(members);
}

void LibraryWorkload::DialAll(const std::vector<runtime::Address>& members) {
  for (const auto& user : users_) user->StartAnew(members);
}

const std::string& LibraryWorkload::RandomHost() {
  return RandomUser().host();
}

void LibraryWorkload::EndWork() {
  for (const auto& user : users_) user->EndWork();
}

bool LibraryWorkload::WorkHasEnded() const {
  return std::all_of(users_.begin(), users_.end(),
                     [](const auto& user) { return user->work_has_ended(); });
}

void LibraryWorkload::Close() {
  for (const auto& user : users_) user->Close();
}

bool LibraryWorkload::HasEnded() const {
  return std::all_of(users_.begin(), users_.end(),
                     [](const auto& user) { return user->has_ended(); });
}

bool LibraryWorkload::WatchesHaveReached(base::Revision revision) const {
  return std::all_of(users_.begin(), users_.end(), [revision](const auto& user) {
    return user->watch().next() > revision.value();
  });
}

}  // namespace sim
