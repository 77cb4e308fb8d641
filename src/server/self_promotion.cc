#include "server/self_promotion.h"

#include <utility>

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "state/members/member.h"

namespace server {
namespace {

// Between two questions, and two looks whether the member votes.
constexpr runtime::Duration kInterval = std::chrono::milliseconds(500);

}  // namespace

SelfPromotion::SelfPromotion(const Options& options, const Environment& environment,
                             const Parts& parts)
    : options_(options),
      environment_(environment),
      parts_(parts),
      timer_(environment.apply_loop->NewTimer([this] { OnTimer(); })) {}

void SelfPromotion::Start(const Replacement& note) {
  environment_.logger->Info("this member has taken the place of another one",
                            {{"local-member-id", members::HexText(parts_.self.value())},
                             {"replaced-member-id", members::HexText(note.member.value())},
                             {"is-to-vote", note.is_voter}});
  base::Mark<"server: a successor takes the place of a member">();
  is_voter_ = note.is_voter;
  OnTimer();
}

void SelfPromotion::OnTimer() {
  if (!is_voter_ || !parts_.progress->is_learner) return RemoveNote();
  timer_->Arm(kInterval);
  if (std::exchange(is_asking_, true)) return;
  parts_.reconfiguration->Promote(parts_.self, {},
                                  [this](const auto& members) { OnAnswer(members.status()); });
}

void SelfPromotion::OnAnswer(const base::Status& status) {
  is_asking_ = false;
  if (status.ok() || status == base::errors::kStopped) return;
  if (status == told_) return;
  told_ = status;
  environment_.logger->Info(
      "waiting to become a voter",
      {{"local-member-id", members::HexText(parts_.self.value())}, {"error", status.message()}});
}

void SelfPromotion::RemoveNote() {
  const auto removed = std::make_shared<base::Status>();
  const bool accepted = environment_.bulk_workers->Run(
      [disk = environment_.disk, options = options_, removed] {
        *removed = RemoveReplacement(*disk, options);
      },
      environment_.apply_loop,
      [this, removed] {
        if (!removed->ok()) {
          environment_.logger->Warn("cannot remove the note of a replacement",
                                    {{"error", removed->message()}});
          return timer_->Arm(kInterval);
        }
        base::Mark<"server: the replacement of a member is complete">();
        environment_.logger->Info("the replacement of a member is complete",
                                  {{"local-member-id", members::HexText(parts_.self.value())}});
      });
  if (!accepted) timer_->Arm(kInterval);
}

}  // namespace server
