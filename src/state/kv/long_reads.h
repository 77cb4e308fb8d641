#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/callback.h"

namespace kv {

// Admits the reads of one loop that take several steps: so many at a time have a place, with which
// they may hold a pin between steps; the others wait without one, and begin when they get it.
// Places go round among clients, whoever has however many reads waiting, and to each client's reads
// in their order.
//
// Of unary ranges, transactions that only read, chunks of streamed ranges, and usages. Hashes and
// snapshots are not admitted here, since they do not run on a loop: the bulk lane's threads are the
// places of these, whatever loop they come from, and its queue is bounded and refuses.
//
// What waits is bounded in bytes. Beyond that the newest reads of the client that has most of them
// are refused. Belongs to its loop; always in a shared_ptr, since places keep it.
class LongReads : public std::enable_shared_from_this<LongReads> {
 public:
  struct Limits {
    size_t running_max = 16;
    size_t waiting_bytes_max = size_t{64} << 20;
  };
  explicit LongReads(Limits limits) : limits_(limits) {}
  LongReads() : LongReads(Limits()) {}
  LongReads(const LongReads&) = delete;
  LongReads& operator=(const LongReads&) = delete;

  // A read's place; it ends with this.
  class Place {
   public:
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (reads_ != nullptr) reads_->Leave();
    }

   private:
    friend class LongReads;
    explicit Place(std::shared_ptr<LongReads> reads) : reads_(std::move(reads)) {}
    std::shared_ptr<LongReads> reads_;  // null once moved from
  };

  // Whose reads take their turns together: a number, such as that of a connection.
  using Client = uint64_t;
  // Gets a place, or nothing: the read is refused. It runs within another call to this, or while a
  // place ends, so it must do no more than post its work.
  using OnPlace = base::Callback<void(std::optional<Place> place)>;

  // A place for a read that nobody who waits is older than; nothing if there is none.
  std::optional<Place> TryEnter();
  // Waits for a place with a request that takes so many bytes.
  void Wait(Client client, size_t bytes, OnPlace on_place);

  // Nobody is served any more: who waits is forgotten.
  void Close();

  // Whether there is no place.
  bool is_full() const { return running_ == limits_.running_max; }
  size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Waiter {
    size_t bytes;
    OnPlace on_place;
  };
  struct Line {
    std::deque<Waiter> waiters;
    size_t bytes = 0;
  };
  using Lines = std::map<Client, Line>;

  void Leave();
  void RefuseNewest();
  // A waiter of so many bytes was taken from the line.
  void Forget(Lines::iterator line, size_t bytes);

  const Limits limits_;
  size_t running_ = 0;
  Lines lines_;               // none of them empty
  std::deque<Client> turns_;  // of lines_, each once
  size_t waiting_bytes_ = 0;
};

}  // namespace kv
