#pragma once

#include <list>
#include <memory>

#include "runtime/loop.h"
#include "storage/mvcc/read_pin.h"

namespace kv {

// Pins of answers that are read as their clients take them: held between two pieces, so that a
// compaction meanwhile takes nothing from an answer that has begun, but not for longer than `age`:
// a client that takes nothing keeps neither compaction nor the database waiting. On one loop.
class HeldPins : public std::enable_shared_from_this<HeldPins> {
 public:
  HeldPins(runtime::Loop* loop, runtime::Duration age);

  class Place;
  // Holds the pin until the place ends, or it is of age.
  Place Hold(std::unique_ptr<mvcc::ReadPin> pin);

  // The loop ends: lets all go.
  void Close();
  bool empty() const { return held_.empty(); }

 private:
  struct Entry {
    std::unique_ptr<mvcc::ReadPin> pin;  // null once it was let go
    runtime::TimePoint until;
  };
  using Entries = std::list<Entry>;

  void LetGo();

  runtime::Loop* const loop_;
  const runtime::Duration age_;
  std::unique_ptr<runtime::Timer> timer_;
  bool is_armed_ = false;
  Entries held_;  // the oldest first
  Entries let_go_;
};

// Movable; must not outlive what the pin was taken from.
class HeldPins::Place {
 public:
  Place(Place&& other) noexcept = default;
  Place& operator=(Place&&) = delete;
  ~Place();

  // Null once the pin was let go.
  const mvcc::ReadPin* pin() const { return entry_->pin.get(); }

 private:
  friend class HeldPins;
  Place(std::shared_ptr<HeldPins> pins, Entries::iterator entry)
      : pins_(std::move(pins)), entry_(entry) {}

  std::shared_ptr<HeldPins> pins_;  // null: moved from
  Entries::iterator entry_;
};

}  // namespace kv
