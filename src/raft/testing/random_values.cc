#include "raft/testing/random_values.h"

namespace raft::testing {
namespace {

template <typename Id>
Id AnyId(Generator& generator) {
  return Id(AnyNumber(generator));
}

std::vector<MemberId> AnyMembers(Generator& generator) {
  std::vector<MemberId> members(Below(generator, 4));
  for (MemberId& member : members) member = AnyId<MemberId>(generator);
  return members;
}

}  // namespace

base::SharedBytes AnyBytes(Generator& generator) {
  base::Bytes bytes(Below(generator, 20), '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return base::SharedBytes(bytes);
}

Entry AnyEntry(Generator& generator) {
  return {.term = AnyId<Term>(generator),
          .index = AnyId<Index>(generator),
          .type = static_cast<EntryType>(Below(generator, 3)),
          .data = AnyBytes(generator)};
}

ConfState AnyConfState(Generator& generator) {
  return {.voters = AnyMembers(generator),
          .learners = AnyMembers(generator),
          .voters_outgoing = AnyMembers(generator),
          .learners_next = AnyMembers(generator),
          .auto_leave = Below(generator, 2) == 1};
}

Snapshot AnySnapshot(Generator& generator) {
  return {.data = AnyBytes(generator),
          .conf_state = AnyConfState(generator),
          .index = Index(1 + Below(generator, 1000)),
          .term = AnyId<Term>(generator)};
}

Message AnyMessage(Generator& generator) {
  Message message;
  message.type = static_cast<MessageType>(Below(generator, 24));
  message.reject = Below(generator, 2) == 1;
  message.to = AnyId<MemberId>(generator);
  message.from = AnyId<MemberId>(generator);
  message.term = AnyId<Term>(generator);
  message.log_term = AnyId<Term>(generator);
  message.index = AnyId<Index>(generator);
  message.commit = AnyId<Index>(generator);
  message.reject_hint = AnyId<Index>(generator);
  for (uint64_t count = Below(generator, 4); count > 0; --count) {
    message.entries.push_back(AnyEntry(generator));
  }
  if (Below(generator, 3) == 0) {
    message.snapshot = std::make_shared<Snapshot>(AnySnapshot(generator));
  }
  message.context = AnyBytes(generator);
  return message;
}

ConfChangeV2 AnyConfChange(Generator& generator) {
  ConfChangeV2 change;
  change.transition = static_cast<ConfChangeTransition>(Below(generator, 3));
  for (uint64_t count = Below(generator, 4); count > 0; --count) {
    change.changes.push_back(
        {static_cast<ConfChangeType>(Below(generator, 4)), AnyId<MemberId>(generator)});
  }
  change.context = base::Bytes(AnyBytes(generator).view());
  return change;
}

}  // namespace raft::testing
