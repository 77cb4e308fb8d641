#include "sim/message_network.h"

#include <algorithm>

#include "base/errors.h"
#include "raft/codec.h"
#include "server/options.h"

namespace sim {

MessageNetwork::MessageNetwork(runtime::simulated::Scheduler* scheduler, Trace* trace)
    : scheduler_(scheduler), trace_(trace), loop_(scheduler->NewLoop("network")) {}

void MessageNetwork::SetReceiver(base::MemberId id, Receiver* receiver) {
  receivers_[id] = receiver;
  living_since_[id] = scheduler_->clock().Now();
}

void MessageNetwork::Heal() {
  for (const auto& link : cut_) healed_[link] = scheduler_->clock().Now();
  cut_.clear();
}

std::optional<runtime::TimePoint> MessageNetwork::ActiveSince(base::MemberId self,
                                                              base::MemberId peer) const {
  if (Living(self) == nullptr || Living(peer) == nullptr) return std::nullopt;
  if (IsCut(self, peer) || IsCut(peer, self)) return std::nullopt;
  runtime::TimePoint since = std::max(living_since_.at(self), living_since_.at(peer));
  for (const auto& link : {std::pair(self, peer), std::pair(peer, self)}) {
    if (const auto healed = healed_.find(link); healed != healed_.end()) {
      since = std::max(since, healed->second);
    }
  }
  return since;
}

Tally MessageNetwork::tally() const {
  Tally tally;
  tally.Add("faults: messages lost", lost_);
  tally.Add("faults: messages repeated", repeated_);
  tally.Add("members: snapshots received", snapshots_);
  return tally;
}

Receiver* MessageNetwork::Living(base::MemberId id) const {
  const auto found = receivers_.find(id);
  return found == receivers_.end() ? nullptr : found->second;
}

runtime::Duration MessageNetwork::DrawLatency() {
  return runtime::Duration(static_cast<runtime::Duration::rep>(
      scheduler_->random().Between(static_cast<uint64_t>(faults_.latency_min.count()),
                                   static_cast<uint64_t>(faults_.latency_max.count()))));
}

void MessageNetwork::Send(const raft::Message& message,
                          std::shared_ptr<backend::MemoryDatabase> database) {
  Parcel parcel{{}, std::move(database)};
  raft::Encode(message, &parcel.message);
  const Way way{message.from, message.to};
  runtime::Random& random = scheduler_->random();
  const bool is_cut = IsCut(way.from, way.to);
  const bool lost = random.Chance(faults_.loss, 1000) || is_cut;
  lost_ += lost && !is_cut ? 1 : 0;
  if (!lost) Carry(way, parcel);
  if (lost && random.OneIn(2)) {
    if (Receiver* sender = Living(way.from)) sender->OnUnreachable(way.to);
  }
  // A proposal that came twice would be carried out twice (server/transport.h).
  const bool repeated = random.Chance(faults_.duplication, 1000);
  if (repeated && message.type != raft::MessageType::kProp) {
    ++repeated_;
    Carry(way, parcel);
  }
  if (parcel.database != nullptr && lost) {
    if (Receiver* sender = Living(way.from)) sender->OnSnapshotStatus(way.to, false);
  }
}

template <typename Reply, typename Ask>
void MessageNetwork::Put(base::MemberId from, base::MemberId to, runtime::TimePoint deadline,
                         base::Callback<void(base::Result<Reply> reply)> on_reply, Ask ask) {
  const auto question = std::make_shared<Question<Reply>>(
      Question<Reply>{from, living_since_.at(from), std::move(on_reply)});
  scheduler_->RunAt(deadline, loop_.get(), [this, question] {
    Answer(*question, base::Result<Reply>(base::Status(base::errors::kTimeout)));
  });
  if (Loses({from, to})) return;
  const auto arrive = [this, question, to, ask] {
    Receiver* const receiver = Living(to);
    if (receiver == nullptr) return;
    ask(*receiver, [this, question, to](base::Result<Reply> reply) {
      if (Loses({to, question->from})) return;
      const auto shared = std::make_shared<base::Result<Reply>>(std::move(reply));
      scheduler_->RunAt(scheduler_->clock().Now() + DrawLatency(), loop_.get(),
                        [this, question, shared] { Answer(*question, std::move(*shared)); });
    });
  };
  scheduler_->RunAt(scheduler_->clock().Now() + DrawLatency(), loop_.get(), arrive);
}

void MessageNetwork::Promote(base::MemberId from, base::MemberId to, base::MemberId learner,
                             runtime::TimePoint deadline,
                             server::Transport::OnPromoted on_promoted) {
  Put<std::vector<members::Member>>(
      from, to, deadline, std::move(on_promoted),
      [learner, deadline](Receiver& receiver, server::Transport::OnPromoted answer) {
        receiver.OnPromote(learner, deadline, std::move(answer));
      });
}

void MessageNetwork::RenewLease(base::MemberId from, base::MemberId to, base::LeaseId lease,
                                runtime::TimePoint deadline,
                                server::Transport::OnLeaseRenewed on_renewed) {
  Put<int64_t>(from, to, deadline, std::move(on_renewed),
               [lease](Receiver& receiver, server::Transport::OnLeaseRenewed answer) {
                 receiver.OnRenewLease(lease, std::move(answer));
               });
}

void MessageNetwork::AskLease(base::MemberId from, base::MemberId to, base::LeaseId lease,
                              bool keys, runtime::TimePoint deadline,
                              server::Transport::OnLeaseTimes on_times) {
  Put<server::LeaseTimes>(
      from, to, deadline, std::move(on_times),
      [lease, keys](Receiver& receiver, server::Transport::OnLeaseTimes answer) {
        receiver.OnLeaseAsked(lease, keys, std::move(answer));
      });
}

void MessageNetwork::AskVersions(base::MemberId from, server::Transport::OnVersions on_versions) {
  const auto answer = std::make_shared<server::Transport::OnVersions>(std::move(on_versions));
  const auto arrive = [this, from, since = living_since_.at(from), answer] {
    if (Living(from) == nullptr || living_since_.at(from) != since) return;
    std::map<base::MemberId, members::MemberVersions> told;
    for (const auto& [id, receiver] : receivers_) {
      if (id == from || receiver == nullptr || Loses({from, id}) || Loses({id, from})) continue;
      told[id] = {.server = std::string(server::kVersion),
                  .cluster = "",
                  .storage = "",
                  .extensions = receiver->extensions()};
    }
    (*answer)(std::move(told));
  };
  scheduler_->RunAt(scheduler_->clock().Now() + DrawLatency() + DrawLatency(), loop_.get(), arrive);
}

void MessageNetwork::AskHashes(base::MemberId from, const std::vector<base::MemberId>& others,
                               base::Revision at, runtime::Duration timeout,
                               server::Transport::OnHashes on_hashes) {
  const auto question =
      std::make_shared<HashQuestion>(HashQuestion{.from = from,
                                                  .living_since = living_since_.at(from),
                                                  .told = {},
                                                  .on_hashes = std::move(on_hashes),
                                                  .missing = others.size(),
                                                  .answered = false});
  for (const base::MemberId to : others) {
    question->told.emplace(to, base::Status(base::Code::kUnavailable, "no answer"));
    AskHash(question, to, at);
  }
  scheduler_->RunAt(scheduler_->clock().Now() + timeout, loop_.get(),
                    [this, question] { Answer(*question); });
}

void MessageNetwork::AskHash(const std::shared_ptr<HashQuestion>& question, base::MemberId to,
                             base::Revision at) {
  if (Loses({question->from, to})) return;
  const auto arrive = [this, question, to, at] {
    Receiver* const receiver = Living(to);
    if (receiver == nullptr) return;
    receiver->OnHashAsked(at, [this, question, to](base::Result<server::MemberHash> hash) {
      if (Loses({to, question->from})) return;
      scheduler_->RunAt(scheduler_->clock().Now() + DrawLatency(), loop_.get(),
                        [this, question, to, hash = std::move(hash)] {
                          question->told.at(to) = hash;
                          if (--question->missing == 0) Answer(*question);
                        });
    });
  };
  scheduler_->RunAt(scheduler_->clock().Now() + DrawLatency(), loop_.get(), arrive);
}

void MessageNetwork::Answer(HashQuestion& question) {
  if (std::exchange(question.answered, true)) return;
  const bool lives =
      Living(question.from) != nullptr && living_since_.at(question.from) == question.living_since;
  if (lives) question.on_hashes(question.told);
}

template <typename Reply>
void MessageNetwork::Answer(Question<Reply>& question, base::Result<Reply> reply) {
  if (std::exchange(question.answered, true)) return;
  const bool lives =
      Living(question.from) != nullptr && living_since_.at(question.from) == question.living_since;
  if (lives) question.on_reply(std::move(reply));
}

void MessageNetwork::Carry(const Way& way, Parcel parcel) {
  scheduler_->RunAt(
      scheduler_->clock().Now() + DrawLatency(), loop_.get(),
      [this, way, parcel = std::move(parcel)]() mutable { Deliver(way, std::move(parcel)); });
}

void MessageNetwork::Deliver(const Way& way, Parcel parcel) {
  Receiver* const receiver = IsCut(way.from, way.to) ? nullptr : Living(way.to);
  if (parcel.database != nullptr) {
    if (Receiver* sender = Living(way.from)) sender->OnSnapshotStatus(way.to, receiver != nullptr);
  }
  if (receiver == nullptr) return;
  trace_->Add(way.from.value(), way.to.value());
  trace_->AddBytes(parcel.message);
  snapshots_ += parcel.database != nullptr ? 1 : 0;
  receiver->Receive(std::move(parcel));
}

}  // namespace sim
