// A million proposals through three nodes in one process, driven as a server drives one: proposals
// in batches, each output's write joined into the turn, everything applied.
//
//   raft_bench [proposals] [proposals per turn] [payload bytes]

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/check.h"
#include "raft/memory_log.h"
#include "raft/node.h"

namespace {

uint64_t allocations = 0;

}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace {

using raft::Index;
using raft::MemberId;

constexpr uint64_t kNodes = 3;
// As etcd sets them: 1 MiB a message, 512 messages in flight, 5,000 entries kept.
constexpr uint64_t kMessageBytes = 1 << 20;
constexpr uint32_t kInflightMessages = 512;
constexpr uint64_t kEntriesKept = 5000;

struct Member {
  Member() : log({.entries_max = kEntriesKept}) {}

  raft::MemoryLog log;
  std::unique_ptr<raft::Node> node;
  uint64_t applied = 0;
};

class Cluster {
 public:
  Cluster() : members_(kNodes) {
    for (uint64_t i = 0; i < kNodes; ++i) {
      raft::Config config;
      config.id = MemberId(i + 1);
      config.election_ticks = 10;
      config.heartbeat_ticks = 1;
      config.seed = i;
      config.conf_state.voters = {MemberId(1), MemberId(2), MemberId(3)};
      config.log = &members_[i].log;
      config.message_bytes_max = kMessageBytes;
      config.inflight_messages_max = kInflightMessages;
      config.pre_vote = true;
      config.check_quorum = true;
      members_[i].node = std::make_unique<raft::Node>(std::move(config));
    }
    members_[0].node->Campaign();
    Settle();
    CHECK(members_[0].node->AsLeader() != nullptr);
  }

  void Propose(const std::vector<base::SharedBytes>& payloads) {
    CHECK(members_[0].node->Propose(payloads).ok());
    Settle();
  }

  uint64_t applied(uint64_t member) const { return members_[member].applied; }

 private:
  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (Member& member : members_) busy = Turn(&member) || busy;
    }
  }

  bool Turn(Member* member) {
    if (!member->node->HasOutput()) return false;
    raft::Output output = member->node->TakeOutput();
    Deliver(&output.messages);
    member->log.Append(output.entries);
    Deliver(&output.messages_after_persist);
    member->node->OnPersisted(output.persisted);
    if (!output.committed.empty()) {
      member->applied += output.committed.size();
      const Index last = output.committed.back().index;
      member->node->OnApplied(last);
      member->log.Trim(last);
    }
    return true;
  }

  void Deliver(std::vector<raft::Message>* messages) {
    for (raft::Message& message : *messages) {
      raft::Node& to = *members_[message.to.value() - 1].node;
      CHECK(to.Step(std::move(message)).ok());
    }
  }

  std::vector<Member> members_;
};

uint64_t ArgumentOr(int argc, char** argv, int position, uint64_t otherwise) {
  return argc > position ? std::strtoull(argv[position], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t proposals = ArgumentOr(argc, argv, 1, 1'000'000);
  const uint64_t per_turn = ArgumentOr(argc, argv, 2, 64);
  const std::string payload(ArgumentOr(argc, argv, 3, 256), 'x');
  CHECK_GT(per_turn, 0u);

  Cluster cluster;
  const uint64_t before = cluster.applied(kNodes - 1);
  const uint64_t allocations_before = allocations;
  const auto start = std::chrono::steady_clock::now();
  std::vector<base::SharedBytes> batch;
  for (uint64_t done = 0; done < proposals; done += per_turn) {
    batch.clear();
    // The payload's allocation is the entry's own.
    for (uint64_t i = 0; i < per_turn; ++i) batch.emplace_back(payload);
    cluster.Propose(batch);
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;

  const uint64_t entries = cluster.applied(kNodes - 1) - before;
  CHECK_GE(entries, proposals);
  const double extra = static_cast<double>(allocations - allocations_before - entries);
  std::printf("raft_bench: %llu proposals of %zu bytes, %llu a turn, %llu nodes\n",
              static_cast<unsigned long long>(entries), payload.size(),
              static_cast<unsigned long long>(per_turn), static_cast<unsigned long long>(kNodes));
  std::printf("ns per proposal and node: %.1f\n",
              elapsed.count() / static_cast<double>(entries * kNodes));
  std::printf("allocations per entry and node beyond the entry: %.4f\n",
              extra / static_cast<double>(entries * kNodes));
  std::printf("allocations per turn and node beyond the entries: %.2f\n",
              extra / static_cast<double>(entries / per_turn * kNodes));
}
