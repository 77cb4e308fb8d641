#include "raft/read_only.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace raft {
namespace {

class Acknowledgements : public AckedIndexer {
 public:
  explicit Acknowledgements(const std::map<MemberId, Index>& acked) : acked_(acked) {}

  std::optional<Index> AckedIndex(MemberId member) const override {
    const auto it = acked_.find(member);
    return it == acked_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  const std::map<MemberId, Index>& acked_;
};

}  // namespace

void ReadOnlyQueue::Add(Index commit, ReadRequest request) {
  waiting_.push_back({std::move(request), commit});
}

void ReadOnlyQueue::Acknowledge(MemberId from, base::ByteView context) {
  if (context.size() != sizeof(uint64_t)) return;
  const uint64_t position = base::Load64Le(context.data());
  if (position > last_position()) return;
  Index& acked = acked_[from];
  acked = std::max(acked, Index(position));
}

std::vector<ReadOnlyQueue::Confirmed> ReadOnlyQueue::TakeConfirmed(const JointConfig& voters) {
  const uint64_t position = CommittedIndex(voters, Acknowledgements(acked_)).value();
  if (position <= confirmed_) return {};
  const auto end = waiting_.begin() + static_cast<ptrdiff_t>(position - confirmed_);
  std::vector<Confirmed> confirmed(std::make_move_iterator(waiting_.begin()),
                                   std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  confirmed_ = position;
  return confirmed;
}

base::SharedBytes ReadOnlyQueue::HeartbeatContext() const {
  if (waiting_.empty()) return {};
  char context[sizeof(uint64_t)];
  base::Store64Le(context, last_position());
  return base::SharedBytes(base::ByteView(context, sizeof context));
}

}  // namespace raft
