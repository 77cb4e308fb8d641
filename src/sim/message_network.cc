#include "sim/message_network.h"

#include "raft/codec.h"

namespace sim {

MessageNetwork::MessageNetwork(runtime::simulated::Scheduler* scheduler, Trace* trace)
    : scheduler_(scheduler), trace_(trace), loop_(scheduler->NewLoop("network")) {}

void MessageNetwork::SetReceiver(base::MemberId id, Receiver* receiver) {
  receivers_[id] = receiver;
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

void MessageNetwork::Send(const raft::Message& message) {
  base::Bytes encoded;
  raft::Encode(message, &encoded);
  runtime::Random& random = scheduler_->random();
  const bool lost = random.Chance(faults_.loss, 1000) || cut_.contains({message.from, message.to});
  if (!lost) Carry(message, encoded);
  if (lost && random.OneIn(2)) {
    if (Receiver* sender = Living(message.from)) sender->OnUnreachable(message.to);
  }
  if (random.Chance(faults_.duplication, 1000)) Carry(message, encoded);
  if (message.type == raft::MessageType::kSnap && lost) {
    if (Receiver* sender = Living(message.from)) sender->OnSnapshotStatus(message.to, false);
  }
}

void MessageNetwork::Carry(const raft::Message& message, const base::Bytes& encoded) {
  const bool is_snapshot = message.type == raft::MessageType::kSnap;
  scheduler_->RunAt(
      scheduler_->clock().Now() + DrawLatency(), loop_.get(),
      [this, from = message.from, to = message.to, encoded = encoded, is_snapshot]() mutable {
        Deliver(from, to, std::move(encoded), is_snapshot);
      });
}

void MessageNetwork::Deliver(base::MemberId from, base::MemberId to, base::Bytes encoded,
                             bool is_snapshot) {
  Receiver* const receiver = cut_.contains({from, to}) ? nullptr : Living(to);
  if (is_snapshot) {
    if (Receiver* sender = Living(from)) sender->OnSnapshotStatus(to, receiver != nullptr);
  }
  if (receiver == nullptr) return;
  trace_->Add(from.value(), to.value());
  trace_->AddBytes(encoded);
  receiver->Receive(std::move(encoded));
}

}  // namespace sim
