// Grammar (raftpb/raft.proto; number: field, "!" = written even if zero, "*" = repeated):
//
//   Entry            1: type  2: term  3: index  4: data
//   HardState        1: term!  2: vote!  3: commit!
//   ConfState        1: voters*  2: learners*  3: voters_outgoing*  4: learners_next*
//                    5: auto_leave!
//   SnapshotMetadata 1: ConfState!  2: index!  3: term!
//   Snapshot         1: data  2: SnapshotMetadata!
//   Message          1: type!  2: to  3: from  4: term  5: log_term  6: index  7: Entry*
//                    8: commit  9: Snapshot  10: reject  11: reject_hint  12: context
//                    1000: vote_lease_ms  1001: wants_snapshot (neither is etcd's, whose members
//                    pass over them)
//                    (some written even if zero, by type: see PositionIsExplicit)
//   ConfChange       1: id  2: type!  3: node_id!  4: context
//   ConfChangeSingle 1: type!  2: node_id!
//   ConfChangeV2     1: transition  2: ConfChangeSingle*  3: context

#include "raft/codec.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/wire.h"

namespace raft {
namespace {

using base::Bytes;
using base::ByteView;
using base::WireCounter;
using base::WireReader;
using base::WireType;
using base::WireWriter;

// The numbers of the fields, as in the grammar.
struct HardStateField {
  enum : uint32_t { kTerm = 1, kVote = 2, kCommit = 3 };
};
struct ConfStateField {
  enum : uint32_t {
    kVoters = 1,
    kLearners = 2,
    kVotersOutgoing = 3,
    kLearnersNext = 4,
    kAutoLeave = 5
  };
};
struct MetadataField {
  enum : uint32_t { kConfState = 1, kIndex = 2, kTerm = 3 };
};
struct SnapshotField {
  enum : uint32_t { kData = 1, kMetadata = 2 };
};
struct MessageField {
  enum : uint32_t {
    kType = 1,
    kTo = 2,
    kFrom = 3,
    kTerm = 4,
    kLogTerm = 5,
    kIndex = 6,
    kEntries = 7,
    kCommit = 8,
    kSnapshot = 9,
    kReject = 10,
    kRejectHint = 11,
    kContext = 12,
    kVoteLeaseMs = 1000,
    kWantsSnapshot = 1001
  };
};
struct ConfChangeField {
  enum : uint32_t { kId = 1, kType = 2, kNodeId = 3, kContext = 4 };
};
struct ConfChangeSingleField {
  enum : uint32_t { kType = 1, kNodeId = 2 };
};
struct ConfChangeV2Field {
  enum : uint32_t { kTransition = 1, kChanges = 2, kContext = 3 };
};

template <typename Writer>
void WriteEntry(const Entry& entry, Writer* writer) {
  writer->VarintIfSet(EntryField::kType, static_cast<uint64_t>(entry.type));
  writer->VarintIfSet(EntryField::kTerm, entry.term.value());
  writer->VarintIfSet(EntryField::kIndex, entry.index.value());
  writer->BytesIfSet(EntryField::kData, entry.data.view());
}

template <typename Writer>
void WriteMembers(uint32_t field, const std::vector<MemberId>& members, Writer* writer) {
  for (MemberId member : members) writer->Varint(field, member.value());
}

template <typename Writer>
void WriteConfState(const ConfState& state, Writer* writer) {
  WriteMembers(ConfStateField::kVoters, state.voters, writer);
  WriteMembers(ConfStateField::kLearners, state.learners, writer);
  WriteMembers(ConfStateField::kVotersOutgoing, state.voters_outgoing, writer);
  WriteMembers(ConfStateField::kLearnersNext, state.learners_next, writer);
  writer->Bool(ConfStateField::kAutoLeave, state.auto_leave);
}

template <typename Writer>
void WriteMetadata(const Snapshot& snapshot, Writer* writer) {
  writer->BytesHeader(MetadataField::kConfState, EncodedSize(snapshot.conf_state));
  WriteConfState(snapshot.conf_state, writer);
  writer->Varint(MetadataField::kIndex, snapshot.index.value());
  writer->Varint(MetadataField::kTerm, snapshot.term.value());
}

size_t MetadataSize(const Snapshot& snapshot) {
  WireCounter counter;
  WriteMetadata(snapshot, &counter);
  return counter.size();
}

template <typename Writer>
void WriteSnapshot(const Snapshot& snapshot, Writer* writer) {
  writer->BytesIfSet(SnapshotField::kData, snapshot.data.view());
  writer->BytesHeader(SnapshotField::kMetadata, MetadataSize(snapshot));
  WriteMetadata(snapshot, writer);
}

template <typename Writer>
void WriteSingle(const ConfChangeSingle& single, Writer* writer) {
  writer->Varint(ConfChangeSingleField::kType, static_cast<uint64_t>(single.type));
  writer->Varint(ConfChangeSingleField::kNodeId, single.node_id.value());
}

void WriteVarint(uint32_t field, uint64_t value, bool even_if_zero, WireWriter* writer) {
  if (even_if_zero || value != 0) writer->Varint(field, value);
}

// Whether etcd sets log_term and index in a message like this one, whatever they are.
bool PositionIsExplicit(const Message& message) {
  switch (message.type) {
    case MessageType::kApp:
    case MessageType::kVote:
    case MessageType::kPreVote:
      return true;
    default:
      return message.type == MessageType::kAppResp && message.reject;
  }
}

bool IndexIsExplicit(const Message& message) {
  return PositionIsExplicit(message) || message.type == MessageType::kReadIndexResp;
}

bool CommitIsExplicit(const Message& message) {
  return message.type == MessageType::kApp || message.type == MessageType::kHeartbeat;
}

bool HintIsExplicit(const Message& message) {
  return message.type == MessageType::kAppResp && message.reject;
}

// --- Decoding. Each Read fails by returning false.

template <typename Enum>
bool ReadEnum(WireReader* reader, Enum last, Enum* out) {
  const uint64_t value = reader->varint();
  if (value > static_cast<uint64_t>(last)) return false;
  *out = static_cast<Enum>(value);
  return true;
}

template <typename Id>
bool ReadId(WireReader* reader, Id* out) {
  *out = Id(reader->varint());
  return true;
}

bool ReadMembers(WireReader* reader, std::vector<MemberId>* out) {
  if (reader->type() != WireType::kBytes) {
    out->emplace_back(reader->varint());
    return true;
  }
  ByteView packed = reader->bytes();
  uint64_t value = 0;
  while (!packed.empty()) {
    if (!base::ConsumeVarint(&packed, &value)) return false;
    out->emplace_back(value);
  }
  return true;
}

bool ReadField(WireReader* reader, Entry* out) {
  switch (reader->field()) {
    case EntryField::kType:
      return ReadEnum(reader, EntryType::kConfChangeV2, &out->type);
    case EntryField::kTerm:
      return ReadId(reader, &out->term);
    case EntryField::kIndex:
      return ReadId(reader, &out->index);
    case EntryField::kData:
      out->data = base::SharedBytes(reader->bytes());
      return true;
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, HardState* out) {
  switch (reader->field()) {
    case HardStateField::kTerm:
      return ReadId(reader, &out->term);
    case HardStateField::kVote:
      return ReadId(reader, &out->vote);
    case HardStateField::kCommit:
      return ReadId(reader, &out->commit);
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, ConfState* out) {
  switch (reader->field()) {
    case ConfStateField::kVoters:
      return ReadMembers(reader, &out->voters);
    case ConfStateField::kLearners:
      return ReadMembers(reader, &out->learners);
    case ConfStateField::kVotersOutgoing:
      return ReadMembers(reader, &out->voters_outgoing);
    case ConfStateField::kLearnersNext:
      return ReadMembers(reader, &out->learners_next);
    case ConfStateField::kAutoLeave:
      out->auto_leave = reader->varint() != 0;
      return true;
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, ConfChangeSingle* out) {
  switch (reader->field()) {
    case ConfChangeSingleField::kType:
      return ReadEnum(reader, ConfChangeType::kAddLearnerNode, &out->type);
    case ConfChangeSingleField::kNodeId:
      return ReadId(reader, &out->node_id);
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, ConfChange* out) {
  switch (reader->field()) {
    case ConfChangeField::kId:
      out->id = reader->varint();
      return true;
    case ConfChangeField::kType:
      return ReadEnum(reader, ConfChangeType::kAddLearnerNode, &out->type);
    case ConfChangeField::kNodeId:
      return ReadId(reader, &out->node_id);
    case ConfChangeField::kContext:
      out->context = Bytes(reader->bytes());
      return true;
    default:
      return true;
  }
}

template <typename Struct>
bool Read(ByteView in, Struct* out);

bool ReadField(WireReader* reader, ConfChangeV2* out) {
  switch (reader->field()) {
    case ConfChangeV2Field::kTransition:
      return ReadEnum(reader, ConfChangeTransition::kJointExplicit, &out->transition);
    case ConfChangeV2Field::kChanges:
      return Read(reader->bytes(), &out->changes.emplace_back());
    case ConfChangeV2Field::kContext:
      out->context = Bytes(reader->bytes());
      return true;
    default:
      return true;
  }
}

struct Metadata {
  ConfState conf_state;
  Index index;
  Term term;
};

bool ReadField(WireReader* reader, Metadata* out) {
  switch (reader->field()) {
    case MetadataField::kConfState:
      out->conf_state = {};
      return Read(reader->bytes(), &out->conf_state);
    case MetadataField::kIndex:
      return ReadId(reader, &out->index);
    case MetadataField::kTerm:
      return ReadId(reader, &out->term);
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, Snapshot* out) {
  Metadata metadata;
  switch (reader->field()) {
    case SnapshotField::kData:
      out->data = base::SharedBytes(reader->bytes());
      return true;
    case SnapshotField::kMetadata:
      if (!Read(reader->bytes(), &metadata)) return false;
      out->conf_state = std::move(metadata.conf_state);
      out->index = metadata.index;
      out->term = metadata.term;
      return true;
    default:
      return true;
  }
}

bool ReadSnapshotField(WireReader* reader, Message* out) {
  auto snapshot = std::make_shared<Snapshot>();
  if (!Read(reader->bytes(), snapshot.get())) return false;
  // Until 3.5 each message carries one, mostly empty.
  if (snapshot->index != Index(0)) out->snapshot = std::move(snapshot);
  return true;
}

bool ReadField(WireReader* reader, Message* out) {
  switch (reader->field()) {
    case MessageField::kType:
      return ReadEnum(reader, MessageType::kForgetLeader, &out->type);
    case MessageField::kTo:
      return ReadId(reader, &out->to);
    case MessageField::kFrom:
      return ReadId(reader, &out->from);
    case MessageField::kTerm:
      return ReadId(reader, &out->term);
    case MessageField::kLogTerm:
      return ReadId(reader, &out->log_term);
    case MessageField::kIndex:
      return ReadId(reader, &out->index);
    case MessageField::kEntries:
      return Read(reader->bytes(), &out->entries.emplace_back());
    case MessageField::kCommit:
      return ReadId(reader, &out->commit);
    case MessageField::kSnapshot:
      return ReadSnapshotField(reader, out);
    case MessageField::kReject:
      out->reject = reader->varint() != 0;
      return true;
    case MessageField::kRejectHint:
      return ReadId(reader, &out->reject_hint);
    case MessageField::kContext:
      out->context = base::SharedBytes(reader->bytes());
      return true;
    case MessageField::kVoteLeaseMs:
      out->vote_lease_ms = static_cast<uint32_t>(
          std::min<uint64_t>(reader->varint(), std::numeric_limits<uint32_t>::max()));
      return true;
    case MessageField::kWantsSnapshot:
      out->wants_snapshot = reader->varint() != 0;
      return true;
    default:
      return true;
  }
}

template <typename Struct>
bool Read(ByteView in, Struct* out) {
  WireReader reader(in);
  while (reader.Next()) {
    if (!ReadField(&reader, out)) return false;
  }
  return reader.ok();
}

template <typename Struct>
base::Result<Struct> Decode(ByteView in, const char* name) {
  Struct out;
  if (!Read(in, &out)) {
    return base::Status(base::Code::kDataLoss, std::string("raft: malformed ") + name);
  }
  return out;
}

}  // namespace

uint64_t EncodedSize(const Entry& entry) {
  WireCounter counter;
  WriteEntry(entry, &counter);
  return counter.size();
}

uint64_t EncodedSize(const ConfState& state) {
  WireCounter counter;
  WriteConfState(state, &counter);
  return counter.size();
}

uint64_t EncodedSize(const Snapshot& snapshot) {
  WireCounter counter;
  WriteSnapshot(snapshot, &counter);
  return counter.size();
}

void Encode(const Entry& entry, Bytes* out) {
  WireWriter writer(out);
  WriteEntry(entry, &writer);
}

void Encode(const HardState& state, Bytes* out) {
  WireWriter writer(out);
  writer.Varint(HardStateField::kTerm, state.term.value());
  writer.Varint(HardStateField::kVote, state.vote.value());
  writer.Varint(HardStateField::kCommit, state.commit.value());
}

void Encode(const ConfState& state, Bytes* out) {
  WireWriter writer(out);
  WriteConfState(state, &writer);
}

void Encode(const Snapshot& snapshot, Bytes* out) {
  WireWriter writer(out);
  WriteSnapshot(snapshot, &writer);
}

void Encode(const Message& message, Bytes* out) {
  WireWriter writer(out);
  writer.Varint(MessageField::kType, static_cast<uint64_t>(message.type));
  writer.VarintIfSet(MessageField::kTo, message.to.value());
  writer.VarintIfSet(MessageField::kFrom, message.from.value());
  writer.VarintIfSet(MessageField::kTerm, message.term.value());
  WriteVarint(MessageField::kLogTerm, message.log_term.value(), PositionIsExplicit(message),
              &writer);
  WriteVarint(MessageField::kIndex, message.index.value(), IndexIsExplicit(message), &writer);
  for (const Entry& entry : message.entries) {
    writer.BytesHeader(MessageField::kEntries, EncodedSize(entry));
    Encode(entry, out);
  }
  WriteVarint(MessageField::kCommit, message.commit.value(), CommitIsExplicit(message), &writer);
  if (message.snapshot != nullptr) {
    writer.BytesHeader(MessageField::kSnapshot, EncodedSize(*message.snapshot));
    Encode(*message.snapshot, out);
  }
  if (message.reject) writer.Bool(MessageField::kReject, true);
  WriteVarint(MessageField::kRejectHint, message.reject_hint.value(), HintIsExplicit(message),
              &writer);
  writer.BytesIfSet(MessageField::kContext, message.context.view());
  writer.VarintIfSet(MessageField::kVoteLeaseMs, message.vote_lease_ms);
  writer.VarintIfSet(MessageField::kWantsSnapshot, message.wants_snapshot ? 1 : 0);
}

void Encode(const ConfChange& change, Bytes* out) {
  WireWriter writer(out);
  writer.VarintIfSet(ConfChangeField::kId, change.id);
  writer.Varint(ConfChangeField::kType, static_cast<uint64_t>(change.type));
  writer.Varint(ConfChangeField::kNodeId, change.node_id.value());
  writer.BytesIfSet(ConfChangeField::kContext, change.context);
}

void Encode(const ConfChangeV2& change, Bytes* out) {
  WireWriter writer(out);
  writer.VarintIfSet(ConfChangeV2Field::kTransition, static_cast<uint64_t>(change.transition));
  for (const ConfChangeSingle& single : change.changes) {
    WireCounter counter;
    WriteSingle(single, &counter);
    writer.BytesHeader(ConfChangeV2Field::kChanges, counter.size());
    WriteSingle(single, &writer);
  }
  writer.BytesIfSet(ConfChangeV2Field::kContext, change.context);
}

base::Result<Entry> DecodeEntry(ByteView in) {
  return Decode<Entry>(in, "Entry");
}

base::Result<HardState> DecodeHardState(ByteView in) {
  return Decode<HardState>(in, "HardState");
}

base::Result<ConfState> DecodeConfState(ByteView in) {
  return Decode<ConfState>(in, "ConfState");
}

base::Result<Snapshot> DecodeSnapshot(ByteView in) {
  return Decode<Snapshot>(in, "Snapshot");
}

base::Result<Message> DecodeMessage(ByteView in) {
  return Decode<Message>(in, "Message");
}

base::Result<ConfChange> DecodeConfChange(ByteView in) {
  return Decode<ConfChange>(in, "ConfChange");
}

base::Result<ConfChangeV2> DecodeConfChangeV2(ByteView in) {
  return Decode<ConfChangeV2>(in, "ConfChangeV2");
}

base::Result<ConfChangeV2> ConfChangeOf(const Entry& entry) {
  if (entry.type == EntryType::kConfChangeV2) return DecodeConfChangeV2(entry.data.view());
  ASSIGN_OR_RETURN(const ConfChange change, DecodeConfChange(entry.data.view()));
  return change.AsV2();
}

}  // namespace raft
