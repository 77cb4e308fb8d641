#pragma once

#include <deque>
#include <memory>
#include <string>

#include "runtime/network.h"
#include "runtime/simulated/network.h"

namespace runtime::simulated {

// One side of a stream. What the other side sent waits in `inbox_` until its time has come, the
// wire is whole and the reader is not paused.
class Endpoint : public std::enable_shared_from_this<Endpoint> {
 public:
  Endpoint(Wires* wires, Loop* loop, Address local, Address peer);

  static void Connect(const std::shared_ptr<Endpoint>& a, const std::shared_ptr<Endpoint>& b);

  void Start(StreamHandler* handler);
  base::Result<size_t> Write(std::span<const base::ByteView> pieces);
  void SetPaused(bool paused);
  bool HasPeerLeft() const;
  void ShutdownWrite();
  void Close();
  // The process of this side has died: nothing runs on its loop any more.
  void Die();
  // Fails this side, as a reset from the network does: on its loop, in a turn of its own.
  void Break();

  const Address& local() const { return local_; }
  const Address& peer_address() const { return peer_address_; }
  const Loop* loop() const { return loop_; }

 private:
  enum class Kind { kBytes, kEnd, kReset };
  struct Arrival {
    TimePoint time;
    Kind kind;
    base::Bytes bytes;
  };

  size_t WriteToClosed(std::span<const base::ByteView> pieces);
  void Receive(Kind kind, base::Bytes bytes);
  void SchedulePump(TimePoint time);
  void Pump();
  void Deliver(const Arrival& arrival);
  void ReportRoom();
  void Reset();

  Wires* const wires_;
  Loop* loop_;
  const Address local_;
  const Address peer_address_;
  std::weak_ptr<Endpoint> peer_;
  StreamHandler* handler_ = nullptr;
  std::deque<Arrival> inbox_;
  size_t inbox_bytes_ = 0;
  bool pump_scheduled_ = false;
  bool paused_ = false;
  bool peer_wants_room_ = false;
  bool input_ended_ = false;
  bool closed_ = false;
  bool failed_ = false;
};

}  // namespace runtime::simulated
