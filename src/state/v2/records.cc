#include "state/v2/records.h"

#include <utility>

#include "base/wire.h"
#include "proto/v2.pb.h"
#include "state/v2/history.h"

namespace v2::records {
namespace {

constexpr char kEventKind = 'h';
constexpr size_t kDirectoryBytes = 8;

bool Parse(base::ByteView bytes, google::protobuf::MessageLite* record) {
  return record->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

template <typename Writer>
void Write(const Node& node, Writer* writer) {
  using Record = v2pb::NodeRecord;
  writer->VarintIfSet(Record::kCreatedFieldNumber, node.created());
  writer->VarintIfSet(Record::kModifiedFieldNumber, node.modified());
  writer->VarintIfSet(Record::kExpirationFieldNumber, static_cast<uint64_t>(node.expiration()));
  writer->BytesIfSet(Record::kValueFieldNumber, node.value());
  writer->VarintIfSet(Record::kDirectoryFieldNumber, node.directory());
}

size_t SizeOf(const Node& node) {
  base::WireCounter counter;
  Write(node, &counter);
  return counter.size();
}

void WriteField(uint32_t field, const NodeRef& node, base::WireWriter* writer) {
  if (!node) return;
  writer->BytesHeader(field, SizeOf(*node));
  Write(*node, writer);
}

NodeRef ToNode(std::string_view name, const v2pb::NodeRecord& record) {
  if (record.directory() != 0 && !record.value().empty()) return {};
  return Node::Make({.name = name,
                     .value = record.value(),
                     .created = record.created(),
                     .modified = record.modified(),
                     .expiration = record.expiration(),
                     .directory = record.directory()});
}

}  // namespace

base::Bytes NodeKey(uint64_t directory, std::string_view name) {
  base::Bytes key(1 + kDirectoryBytes, kNodeKind);
  base::Store64Be(key.data() + 1, directory);
  key.append(name);
  return key;
}

base::Bytes EventKey(uint64_t index) {
  const uint64_t slot = index % History::kEventsMax;
  return {kEventKind, static_cast<char>(slot >> 8), static_cast<char>(slot & 0xff)};
}

bool ParseNodeKey(base::ByteView key, NodePlace* place) {
  if (key.size() <= 1 + kDirectoryBytes || key.front() != kNodeKind) return false;
  place->directory = base::Load64Be(key.data() + 1);
  place->name = key.substr(1 + kDirectoryBytes);
  return true;
}

base::Bytes EncodeNode(const Node& node) {
  base::Bytes record;
  record.reserve(SizeOf(node));
  base::WireWriter writer(&record);
  Write(node, &writer);
  return record;
}

NodeRef DecodeNode(std::string_view name, base::ByteView bytes) {
  v2pb::NodeRecord record;
  if (!Parse(bytes, &record)) return {};
  return ToNode(name, record);
}

base::Bytes EncodeEvent(const Event& event) {
  using Record = v2pb::EventRecord;
  base::Bytes record;
  record.reserve(event.bytes());
  base::WireWriter writer(&record);
  writer.VarintIfSet(Record::kIndexFieldNumber, event.index);
  writer.VarintIfSet(Record::kActionFieldNumber, static_cast<uint64_t>(event.action));
  writer.VarintIfSet(Record::kRefreshFieldNumber, event.refresh ? 1 : 0);
  writer.VarintIfSet(Record::kTimeFieldNumber, static_cast<uint64_t>(event.time));
  writer.BytesIfSet(Record::kKeyFieldNumber, event.key);
  WriteField(Record::kNodeFieldNumber, event.node, &writer);
  WriteField(Record::kPrevFieldNumber, event.prev, &writer);
  return record;
}

std::shared_ptr<const Event> DecodeEvent(base::ByteView bytes) {
  v2pb::EventRecord record;
  if (!Parse(bytes, &record) || record.action() > static_cast<uint32_t>(kActionLast)) return {};
  auto event = std::make_shared<Event>();
  event->action = static_cast<Action>(record.action());
  event->refresh = record.refresh();
  event->index = record.index();
  event->time = record.time();
  event->key = record.key();
  const std::string_view name = std::string_view(event->key).substr(event->key.rfind('/') + 1);
  if (record.has_node()) event->node = ToNode(name, record.node());
  if (record.has_prev()) event->prev = ToNode(name, record.prev());
  if (!event->node && !event->prev) return {};
  return event;
}

base::Bytes EncodeStore(const StoreFields& fields) {
  v2pb::StoreRecord record;
  record.set_index(fields.index);
  record.set_next_directory(fields.next_directory);
  record.set_first_event(fields.first_event);
  return record.SerializeAsString();
}

bool DecodeStore(base::ByteView bytes, StoreFields* fields) {
  v2pb::StoreRecord record;
  if (!Parse(bytes, &record)) return false;
  *fields = {record.index(), record.next_directory(), record.first_event()};
  return true;
}

}  // namespace v2::records
