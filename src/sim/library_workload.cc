#include "sim/library_workload.h"

#include <algorithm>
#include <utility>

namespace sim {
namespace {

// More than the semaphore has places.
constexpr int kUsers = 3;

}  // namespace

LibraryWorkload::LibraryWorkload(runtime::simulated::Scheduler* scheduler,
                                 runtime::simulated::Wires* wires, Checker* checker,
                                 const Plan& plan, LibraryKeys::Parts keys, WatchOrder::Parts watch)
    : random_(scheduler->random()),
      plan_(plan),
      loop_(scheduler->NewLoop("library")),
      judges_(checker),
      keys_(std::move(keys)) {
  for (int i = 1; i <= kUsers; ++i) {
    auto& user = *users_.emplace_back(
        std::make_unique<LibraryUser>(LibraryUser::Parts{.scheduler = scheduler,
                                                         .wires = wires,
                                                         .loop = loop_.get(),
                                                         .checker = checker,
                                                         .plan = &plan_,
                                                         .watch = watch},
                                      "u" + std::to_string(i)));
    auto& key_work = *key_work_.emplace_back(std::make_unique<LibraryKeys>(&user, &keys_));
    user.AddWork([&key_work] { key_work.Work(); });
    for (const auto kind : {LibraryHolder::Kind::kLock, LibraryHolder::Kind::kLeadership,
                            LibraryHolder::Kind::kSlot}) {
      auto& holder = *holders_.emplace_back(std::make_unique<LibraryHolder>(&user, &judges_, kind));
      user.AddWork([&holder] { holder.Work(); });
    }
  }
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
