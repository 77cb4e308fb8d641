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
//                    (some written even if zero, by type: see PositionIsExplicit)
//   ConfChange       1: id  2: type!  3: node_id!  4: context
//   ConfChangeSingle 1: type!  2: node_id!
//   ConfChangeV2     1: transition  2: ConfChangeSingle*  3: context

#include "raft/codec.h"

#include <string>

#include "base/varint.h"
#include "base/wire.h"

namespace raft {
namespace {

using base::Bytes;
using base::ByteView;
using base::WireReader;
using base::WireType;
using base::WireWriter;

// Takes the same calls as WireWriter and adds up what it would write.
class SizeCounter {
 public:
  void Varint(uint32_t field, uint64_t value) { size_ += base::WireVarintSize(field, value); }
  void Bool(uint32_t field, bool value) { Varint(field, value ? 1 : 0); }
  void BytesIfSet(uint32_t field, ByteView value) {
    if (!value.empty()) size_ += base::WireBytesSize(field, value.size());
  }
  void BytesHeader(uint32_t field, size_t size) {
    size_ += base::WireBytesSize(field, size) - size;
  }

  size_t size() const { return size_; }

 private:
  size_t size_ = 0;
};

template <typename Sink>
void WriteMembers(uint32_t field, const std::vector<MemberId>& members, Sink* sink) {
  for (MemberId member : members) sink->Varint(field, member.value());
}

template <typename Sink>
void WriteConfState(const ConfState& state, Sink* sink) {
  WriteMembers(1, state.voters, sink);
  WriteMembers(2, state.learners, sink);
  WriteMembers(3, state.voters_outgoing, sink);
  WriteMembers(4, state.learners_next, sink);
  sink->Bool(5, state.auto_leave);
}

template <typename Sink>
void WriteMetadata(const Snapshot& snapshot, Sink* sink) {
  sink->BytesHeader(1, EncodedSize(snapshot.conf_state));
  WriteConfState(snapshot.conf_state, sink);
  sink->Varint(2, snapshot.index.value());
  sink->Varint(3, snapshot.term.value());
}

size_t MetadataSize(const Snapshot& snapshot) {
  SizeCounter counter;
  WriteMetadata(snapshot, &counter);
  return counter.size();
}

template <typename Sink>
void WriteSnapshot(const Snapshot& snapshot, Sink* sink) {
  sink->BytesIfSet(1, snapshot.data.view());
  sink->BytesHeader(2, MetadataSize(snapshot));
  WriteMetadata(snapshot, sink);
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
    case 1:
      return ReadEnum(reader, EntryType::kConfChangeV2, &out->type);
    case 2:
      return ReadId(reader, &out->term);
    case 3:
      return ReadId(reader, &out->index);
    case 4:
      out->data = base::SharedBytes(reader->bytes());
      return true;
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, HardState* out) {
  switch (reader->field()) {
    case 1:
      return ReadId(reader, &out->term);
    case 2:
      return ReadId(reader, &out->vote);
    case 3:
      return ReadId(reader, &out->commit);
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, ConfState* out) {
  switch (reader->field()) {
    case 1:
      return ReadMembers(reader, &out->voters);
    case 2:
      return ReadMembers(reader, &out->learners);
    case 3:
      return ReadMembers(reader, &out->voters_outgoing);
    case 4:
      return ReadMembers(reader, &out->learners_next);
    case 5:
      out->auto_leave = reader->varint() != 0;
      return true;
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, ConfChangeSingle* out) {
  switch (reader->field()) {
    case 1:
      return ReadEnum(reader, ConfChangeType::kAddLearnerNode, &out->type);
    case 2:
      return ReadId(reader, &out->node_id);
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, ConfChange* out) {
  switch (reader->field()) {
    case 1:
      out->id = reader->varint();
      return true;
    case 2:
      return ReadEnum(reader, ConfChangeType::kAddLearnerNode, &out->type);
    case 3:
      return ReadId(reader, &out->node_id);
    case 4:
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
    case 1:
      return ReadEnum(reader, ConfChangeTransition::kJointExplicit, &out->transition);
    case 2:
      return Read(reader->bytes(), &out->changes.emplace_back());
    case 3:
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
    case 1:
      out->conf_state = {};
      return Read(reader->bytes(), &out->conf_state);
    case 2:
      return ReadId(reader, &out->index);
    case 3:
      return ReadId(reader, &out->term);
    default:
      return true;
  }
}

bool ReadField(WireReader* reader, Snapshot* out) {
  Metadata metadata;
  switch (reader->field()) {
    case 1:
      out->data = base::SharedBytes(reader->bytes());
      return true;
    case 2:
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
    case 1:
      return ReadEnum(reader, MessageType::kForgetLeader, &out->type);
    case 2:
      return ReadId(reader, &out->to);
    case 3:
      return ReadId(reader, &out->from);
    case 4:
      return ReadId(reader, &out->term);
    case 5:
      return ReadId(reader, &out->log_term);
    case 6:
      return ReadId(reader, &out->index);
    case 7:
      return Read(reader->bytes(), &out->entries.emplace_back());
    case 8:
      return ReadId(reader, &out->commit);
    case 9:
      return ReadSnapshotField(reader, out);
    case 10:
      out->reject = reader->varint() != 0;
      return true;
    case 11:
      return ReadId(reader, &out->reject_hint);
    case 12:
      out->context = base::SharedBytes(reader->bytes());
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
  uint64_t size = 0;
  if (entry.type != EntryType::kNormal) size += 2;
  if (entry.term != Term(0)) size += 1 + base::VarintSize(entry.term.value());
  if (entry.index != Index(0)) size += 1 + base::VarintSize(entry.index.value());
  if (!entry.data.empty()) size += base::WireBytesSize(4, entry.data.size());
  return size;
}

uint64_t EncodedSize(const ConfState& state) {
  SizeCounter counter;
  WriteConfState(state, &counter);
  return counter.size();
}

uint64_t EncodedSize(const Snapshot& snapshot) {
  SizeCounter counter;
  WriteSnapshot(snapshot, &counter);
  return counter.size();
}

void Encode(const Entry& entry, Bytes* out) {
  WireWriter writer(out);
  writer.VarintIfSet(1, static_cast<uint64_t>(entry.type));
  writer.VarintIfSet(2, entry.term.value());
  writer.VarintIfSet(3, entry.index.value());
  writer.BytesIfSet(4, entry.data.view());
}

void Encode(const HardState& state, Bytes* out) {
  WireWriter writer(out);
  writer.Varint(1, state.term.value());
  writer.Varint(2, state.vote.value());
  writer.Varint(3, state.commit.value());
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
  writer.Varint(1, static_cast<uint64_t>(message.type));
  writer.VarintIfSet(2, message.to.value());
  writer.VarintIfSet(3, message.from.value());
  writer.VarintIfSet(4, message.term.value());
  WriteVarint(5, message.log_term.value(), PositionIsExplicit(message), &writer);
  WriteVarint(6, message.index.value(), IndexIsExplicit(message), &writer);
  for (const Entry& entry : message.entries) {
    writer.BytesHeader(7, EncodedSize(entry));
    Encode(entry, out);
  }
  WriteVarint(8, message.commit.value(), CommitIsExplicit(message), &writer);
  if (message.snapshot != nullptr) {
    writer.BytesHeader(9, EncodedSize(*message.snapshot));
    Encode(*message.snapshot, out);
  }
  if (message.reject) writer.Bool(10, true);
  WriteVarint(11, message.reject_hint.value(), HintIsExplicit(message), &writer);
  writer.BytesIfSet(12, message.context.view());
}

void Encode(const ConfChange& change, Bytes* out) {
  WireWriter writer(out);
  writer.VarintIfSet(1, change.id);
  writer.Varint(2, static_cast<uint64_t>(change.type));
  writer.Varint(3, change.node_id.value());
  writer.BytesIfSet(4, change.context);
}

void Encode(const ConfChangeV2& change, Bytes* out) {
  WireWriter writer(out);
  writer.VarintIfSet(1, static_cast<uint64_t>(change.transition));
  for (const ConfChangeSingle& single : change.changes) {
    const uint64_t type = static_cast<uint64_t>(single.type);
    const uint64_t node_id = single.node_id.value();
    writer.BytesHeader(2, base::WireVarintSize(1, type) + base::WireVarintSize(2, node_id));
    writer.Varint(1, type);
    writer.Varint(2, node_id);
  }
  writer.BytesIfSet(3, change.context);
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
