#include "runtime/simulated/endpoint.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace runtime::simulated {
namespace {

// How often a stalled stream looks whether its wire is whole again.
constexpr Duration kRetryDelay = std::chrono::milliseconds(5);

base::Status ResetByPeer(const Address& peer) {
  return base::Status(base::Code::kUnavailable, peer.ToString() + ": connection reset by peer");
}

}  // namespace

Endpoint::Endpoint(Wires* wires, Loop* loop, Address local, Address peer)
    : wires_(wires), loop_(loop), local_(std::move(local)), peer_address_(std::move(peer)) {}

void Endpoint::Connect(const std::shared_ptr<Endpoint>& a, const std::shared_ptr<Endpoint>& b) {
  a->peer_ = b;
  b->peer_ = a;
}

void Endpoint::Start(StreamHandler* handler) {
  CHECK(handler_ == nullptr);
  handler_ = handler;
  SchedulePump(wires_->scheduler_->clock().Now());
}

base::Result<size_t> Endpoint::Write(std::span<const base::ByteView> pieces) {
  const std::shared_ptr<Endpoint> peer = peer_.lock();
  if (failed_) return ResetByPeer(peer_address_);
  if (peer != nullptr && peer->closed_) return WriteToClosed(pieces);
  base::Bytes taken;
  size_t offered = 0;
  const size_t held = peer == nullptr ? 0 : peer->inbox_bytes_;
  const size_t room = wires_->options_.window_bytes - std::min(wires_->options_.window_bytes, held);
  for (const base::ByteView piece : pieces) {
    offered += piece.size();
    taken.append(piece.substr(0, room - taken.size()));
  }
  const size_t size = taken.size();
  if (peer != nullptr) {
    if (size < offered) peer->peer_wants_room_ = true;
    if (size > 0) peer->Receive(Kind::kBytes, std::move(taken));
  }
  return size;
}

// The kernel takes it, and is answered by a reset.
size_t Endpoint::WriteToClosed(std::span<const base::ByteView> pieces) {
  if (inbox_.empty() || inbox_.back().kind != Kind::kReset) Receive(Kind::kReset, {});
  size_t size = 0;
  for (const base::ByteView piece : pieces) size += piece.size();
  return size;
}

void Endpoint::Receive(Kind kind, base::Bytes bytes) {
  TimePoint time = wires_->scheduler_->clock().Now() + wires_->DrawLatency();
  if (!inbox_.empty()) time = std::max(time, inbox_.back().time);
  inbox_bytes_ += bytes.size();
  inbox_.push_back(Arrival{time, kind, std::move(bytes)});
  SchedulePump(time);
}

void Endpoint::SchedulePump(TimePoint time) {
  if (pump_scheduled_ || handler_ == nullptr || loop_ == nullptr) return;
  pump_scheduled_ = true;
  wires_->scheduler_->RunAt(time, loop_, [self = shared_from_this()] {
    self->pump_scheduled_ = false;
    self->Pump();
  });
}

void Endpoint::Pump() {
  if (handler_ == nullptr || inbox_.empty() || paused_) return;
  const TimePoint now = wires_->scheduler_->clock().Now();
  if (wires_->IsCut(peer_address_.host, local_.host)) return SchedulePump(now + kRetryDelay);
  if (inbox_.front().time > now) return SchedulePump(inbox_.front().time);
  Arrival& front = inbox_.front();
  // Bytes arrive in pieces that have nothing to do with how they were written.
  const size_t count = front.kind == Kind::kBytes && wires_->scheduler_->random().OneIn(4)
                           ? wires_->scheduler_->random().Between(1, front.bytes.size())
                           : front.bytes.size();
  const Arrival arrival{now, front.kind, front.bytes.substr(0, count)};
  front.bytes.erase(0, count);
  if (front.bytes.empty()) inbox_.pop_front();
  inbox_bytes_ -= count;
  Deliver(arrival);
  if (!inbox_.empty()) SchedulePump(now);
}

void Endpoint::Deliver(const Arrival& arrival) {
  switch (arrival.kind) {
    case Kind::kBytes:
      handler_->OnData(arrival.bytes);
      return ReportRoom();
    case Kind::kEnd:
      input_ended_ = true;
      return handler_->OnEndOfInput();
    case Kind::kReset:
      return Reset();
  }
}

void Endpoint::ReportRoom() {
  const std::shared_ptr<Endpoint> peer = peer_.lock();
  if (!peer_wants_room_ || peer == nullptr || peer->loop_ == nullptr) return;
  peer_wants_room_ = false;
  wires_->scheduler_->RunAt(wires_->scheduler_->clock().Now() + wires_->DrawLatency(), peer->loop_,
                            [peer] {
                              if (peer->handler_ != nullptr) peer->handler_->OnWritable();
                            });
}

void Endpoint::SetPaused(bool paused) {
  paused_ = paused;
  if (!paused) SchedulePump(wires_->scheduler_->clock().Now());
}

bool Endpoint::HasPeerLeft() const {
  if (input_ended_ || failed_) return true;
  if (inbox_.empty() || wires_->IsCut(peer_address_.host, local_.host)) return false;
  const Arrival& last = inbox_.back();
  return last.kind != Kind::kBytes && last.time <= wires_->scheduler_->clock().Now();
}

void Endpoint::ShutdownWrite() {
  if (const std::shared_ptr<Endpoint> peer = peer_.lock()) peer->Receive(Kind::kEnd, {});
}

void Endpoint::Close() {
  closed_ = true;
  handler_ = nullptr;
  const std::shared_ptr<Endpoint> peer = peer_.lock();
  peer_.reset();
  if (peer == nullptr) return;
  // Input that was never read makes the kernel answer with a reset.
  peer->Receive(inbox_.empty() ? Kind::kEnd : Kind::kReset, {});
}

void Endpoint::Die() {
  handler_ = nullptr;
  loop_ = nullptr;
  const std::shared_ptr<Endpoint> peer = peer_.lock();
  peer_.reset();
  if (peer != nullptr) peer->Receive(Kind::kReset, {});
}

void Endpoint::Break() {
  if (loop_ == nullptr) return;
  wires_->scheduler_->RunAt(wires_->scheduler_->clock().Now(), loop_,
                            [self = shared_from_this()] { self->Reset(); });
}

void Endpoint::Reset() {
  failed_ = true;
  inbox_.clear();
  inbox_bytes_ = 0;
  StreamHandler* const handler = std::exchange(handler_, nullptr);
  if (handler != nullptr) handler->OnError(ResetByPeer(peer_address_));
}

}  // namespace runtime::simulated
