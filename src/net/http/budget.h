#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

namespace http {

// What a member holds for its clients, in bytes: header blocks, requests that are not whole yet,
// the calls under way with what they wait with, answers that were not sent yet; those that are made
// as a whole, from before they are made. Three sizes of account: a connection's (Account), a net
// loop's (LoopBudget), the member's (SharedBudget). They only count; the sessions act on what they
// say:
//
//   full = min(size / 2, left / 8)   no further request of that connection is begun, and no window
//                                    of its streams is widened but that of one, so that one message
//                                    under way can always be finished
//   over = min(size, left / 4)       what still grows is ended by name; but a further request waits
//                                    unread while requests before it are being answered, since that
//                                    makes room
//
// where `size` is that of the connection's account and `left` what the member has left. An account
// is never full with less than kAlwaysBytes, nor over with less than twice that. So when the member
// runs short, whoever holds most is stopped first, and those who hold much never take all that is
// left. Nor do answers that are made as a whole: they leave an eighth of the member's size to
// others.

// What loops, or connections of several, share: a member's, of all its net loops; or that of a user
// who may have a share of it. Any thread.
class SharedBudget {
 public:
  explicit SharedBudget(size_t max) : max_(max) {}

  void Take(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Give(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  size_t max() const { return max_.load(std::memory_order_relaxed); }
  // What is left; 0 if more than all is used.
  size_t room() const { return max() - std::min(max(), used()); }
  // There is no bound any more.
  void Lift() { max_.store(std::numeric_limits<size_t>::max(), std::memory_order_relaxed); }

 private:
  std::atomic<size_t> max_;
  std::atomic<size_t> used_ = 0;
};

// Of one loop and owned by it: takes from the member in steps, so that the loops share no cache
// line on the way of every request. Outlives its accounts.
class LoopBudget {
 public:
  struct Options {
    size_t connection_bytes = size_t{32} << 20;
    size_t member_bytes = size_t{1} << 30;
    // Of the largest request that is taken: a connection's budget is never below twice, and the
    // member's never below four times this.
    size_t largest_request_bytes = size_t{2} << 20;

    size_t connection_max() const { return std::max(connection_bytes, 2 * largest_request_bytes); }
    size_t member_max() const { return std::max(member_bytes, 4 * largest_request_bytes); }
  };

  // A member's; null bounds nothing.
  LoopBudget(SharedBudget* member, size_t connection_max)
      : member_(member), connection_max_(connection_max) {}
  ~LoopBudget() {
    if (member_ != nullptr) member_->Give(taken_);
  }
  LoopBudget(const LoopBudget&) = delete;
  LoopBudget& operator=(const LoopBudget&) = delete;

  size_t used() const { return used_; }
  // The member has nothing left.
  bool IsSpent() const { return room() == 0; }
  // How much less is used, about, than at some time since ForgetPeak.
  size_t freed() const { return peak_ - taken_; }
  void ForgetPeak() { peak_ = taken_; }

  // What is taken from the member at a time, and kept for later at most.
  static constexpr size_t kStepBytes = size_t{1} << 20;

 private:
  friend class Account;

  void Add(size_t bytes) {
    used_ += bytes;
    if (OfHeap(used_) > taken_) Settle();
  }
  void Remove(size_t bytes) {
    used_ -= bytes;
    if (taken_ - OfHeap(used_) > 2 * kStepBytes) Settle();
  }
  // What that takes of the heap, as measured: requests and answers of all sizes come and go, and
  // leave holes.
  static size_t OfHeap(size_t bytes) { return bytes + bytes / 5; }
  // Takes from the member, or gives back, what makes whole steps of what is used.
  void Settle() {
    if (member_ == nullptr) return;
    const size_t wanted = (OfHeap(used_) / kStepBytes + 1) * kStepBytes;
    if (wanted > taken_) member_->Take(wanted - taken_);
    if (wanted < taken_) member_->Give(taken_ - wanted);
    taken_ = wanted;
    peak_ = std::max(peak_, taken_);
  }
  size_t room() const {
    return member_ == nullptr ? std::numeric_limits<size_t>::max() : member_->room();
  }
  // What of it a single answer may take.
  size_t room_for_one() const {
    if (member_ == nullptr) return std::numeric_limits<size_t>::max();
    return member_->room() - std::min(member_->room(), member_->max() / 8);
  }
  bool IsShort() const { return member_ != nullptr && member_->room() < member_->max() / 8; }

  SharedBudget* const member_;
  const size_t connection_max_;
  size_t used_ = 0;
  size_t taken_ = 0;
  size_t peak_ = 0;
};

// What is held for one connection; of its loop.
class Account {
 public:
  explicit Account(LoopBudget* budget) : budget_(*budget) {}
  ~Account() {
    budget_.Remove(used_);
    if (share_ != nullptr) share_->Give(used_);
  }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  void Add(size_t bytes) {
    used_ += bytes;
    budget_.Add(bytes);
    if (share_ != nullptr) share_->Take(bytes);
  }
  void Remove(size_t bytes) {
    used_ -= bytes;
    budget_.Remove(bytes);
    if (share_ != nullptr) share_->Give(bytes);
  }
  // From now on it counts to that share, too, instead of to the one before: unless it holds more
  // for that one than kAlwaysBytes, which nobody else is to answer for. While the share has nothing
  // left only one answer at a time may grow. Null: to none.
  void CountTo(std::shared_ptr<SharedBudget> share) {
    if (share == share_ || (share_ != nullptr && used_ > kAlwaysBytes)) return;
    if (share_ != nullptr) share_->Give(used_);
    share_ = std::move(share);
    if (share_ != nullptr) share_->Take(used_);
  }
  size_t used() const { return used_; }

  bool IsFull() const { return used_ > kAlwaysBytes && used_ > FullAt(); }
  bool IsOver() const { return !Fits(0); }
  // Whether its share has nothing left.
  bool IsShareSpent() const { return share_ != nullptr && share_->room() == 0; }
  // Whether more than one answer may grow.
  bool HasRoomForAnswers() const { return !IsFull() && !IsShareSpent(); }
  // Whether it would not be over with that much more.
  bool Fits(size_t bytes) const {
    const size_t wanted = used_ + bytes;
    return wanted <= 2 * kAlwaysBytes ||
           wanted <= std::min({budget_.connection_max_, budget_.room() / 4, OfShare()});
  }
  // Whether a whole answer of that size may be queued: always if it is small, since its request was
  // taken and it may say what was done; if it is the only one, as long as the member has the room
  // and is not short of it thereby.
  bool FitsAnswer(size_t bytes, bool is_only) const {
    if (bytes <= kSmallAnswerBytes || Fits(bytes)) return true;
    return is_only && LoopBudget::OfHeap(bytes) <= budget_.room_for_one() &&
           used_ + bytes <= OfShare();
  }
  // How much more makes it full.
  size_t RoomUntilFull() const {
    const size_t full_at = std::max(kAlwaysBytes, FullAt());
    return full_at - std::min(full_at, used_);
  }
  // The member has little left: less than an eighth of what it may use.
  bool IsMemberShort() const { return budget_.IsShort(); }
  // The member has nothing left: not even a message under way can go on.
  bool IsMemberSpent() const { return budget_.IsSpent(); }
  // Whoever does not move takes what others need.
  bool IsScarce() const { return IsFull() || IsMemberShort(); }

  // An account is never full with less than this, nor over with less than twice.
  static constexpr size_t kAlwaysBytes = 64 * 1024;

 private:
  static constexpr size_t kSmallAnswerBytes = 4 * 1024;

  size_t FullAt() const {
    return std::min({budget_.connection_max_ / 2, budget_.room() / 8, OfShare()});
  }
  // What this connection could use of its share if the others of it stay as they are.
  size_t OfShare() const {
    return share_ == nullptr ? std::numeric_limits<size_t>::max() : used_ + share_->room();
  }

  LoopBudget& budget_;
  std::shared_ptr<SharedBudget> share_;
  size_t used_ = 0;
};

}  // namespace http
