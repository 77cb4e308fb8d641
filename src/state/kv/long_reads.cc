#include "state/kv/long_reads.h"

#include <algorithm>
#include <utility>

namespace kv {

void LongReads::Close() {
  turns_.clear();
  waiting_bytes_ = 0;
  const Lines forgotten = std::exchange(lines_, {});
}

std::optional<LongReads::Place> LongReads::TryEnter() {
  // Why: who waits has places as soon as there are any, so a free one means that nobody does.
  if (running_ == limits_.running_max) return std::nullopt;
  ++running_;
  return Place(shared_from_this());
}

void LongReads::Wait(Client client, size_t bytes, OnPlace on_place) {
  if (auto place = TryEnter()) return on_place(std::move(place));
  const auto [line, is_new] = lines_.try_emplace(client);
  if (is_new) turns_.push_back(client);
  line->second.waiters.push_back({bytes, std::move(on_place)});
  line->second.bytes += bytes;
  waiting_bytes_ += bytes;
  while (waiting_bytes_ > limits_.waiting_bytes_max) RefuseNewest();
}

void LongReads::Leave() {
  --running_;
  if (turns_.empty()) return;
  const Client client = turns_.front();
  const auto line = lines_.find(client);
  Waiter waiter = std::move(line->second.waiters.front());
  line->second.waiters.pop_front();
  Forget(line, waiter.bytes);
  // The next turn of a client that waits for more is after those of all others.
  if (!turns_.empty() && turns_.front() == client) {
    turns_.pop_front();
    turns_.push_back(client);
  }
  ++running_;
  waiter.on_place(Place(shared_from_this()));
}

void LongReads::RefuseNewest() {
  const auto longest = std::max_element(
      lines_.begin(), lines_.end(),
      [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
  Waiter waiter = std::move(longest->second.waiters.back());
  longest->second.waiters.pop_back();
  Forget(longest, waiter.bytes);
  waiter.on_place(std::nullopt);
}

void LongReads::Forget(Lines::iterator line, size_t bytes) {
  line->second.bytes -= bytes;
  waiting_bytes_ -= bytes;
  if (!line->second.waiters.empty()) return;
  std::erase(turns_, line->first);
  lines_.erase(line);
}

}  // namespace kv
