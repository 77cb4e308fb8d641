#include "state/alarms/alarms.h"

#include "base/bytes.h"
#include "base/wire.h"
#include "storage/schema/schema.h"

namespace alarms {
namespace {

// Of etcdserverpb.AlarmMember.
struct Field {
  enum : uint32_t { kMemberId = 1, kAlarm = 2 };
};

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kAlarm);

// The record's key is the message; its value is empty.
base::Bytes RecordKey(const Alarm& alarm) {
  base::Bytes key;
  base::WireWriter writer(&key);
  writer.VarintIfSet(Field::kMemberId, alarm.member.value());
  writer.VarintIfSet(Field::kAlarm, static_cast<uint64_t>(alarm.type));
  return key;
}

base::Result<Alarm> ParseRecordKey(base::ByteView key) {
  Alarm alarm;
  uint64_t type = 0;
  base::WireReader reader(key);
  while (reader.Next()) {
    if (reader.field() == Field::kMemberId) alarm.member = base::MemberId(reader.varint());
    if (reader.field() == Field::kAlarm) type = reader.varint();
  }
  if (!reader.ok() || type > static_cast<uint64_t>(Type::kCorrupt)) {
    return base::Status(base::Code::kDataLoss, "bucket alarm: key is no alarm");
  }
  alarm.type = static_cast<Type>(type);
  return alarm;
}

}  // namespace

base::Result<Alarms> Alarms::Load(backend::Reader& reader, backend::WriteBuffer* buffer) {
  Alarms alarms(buffer);
  const auto cursor = reader.NewCursor(kBucket);
  RETURN_IF_ERROR(cursor->Seek({}));
  while (cursor->valid()) {
    ASSIGN_OR_RETURN(const Alarm alarm, ParseRecordKey(cursor->key()));
    alarms.all_.insert(alarm);
    RETURN_IF_ERROR(cursor->Next());
  }
  return alarms;
}

bool Alarms::Any(Type type) const {
  return !Get(type).empty();
}

std::vector<Alarm> Alarms::Get(Type type) const {
  std::vector<Alarm> found;
  for (const Alarm& alarm : all_) {
    if (type == Type::kNone || alarm.type == type) found.push_back(alarm);
  }
  return found;
}

bool Alarms::Activate(const Alarm& alarm) {
  if (!all_.insert(alarm).second) return false;
  buffer_->Put(kBucket, RecordKey(alarm), {});
  return true;
}

bool Alarms::Deactivate(const Alarm& alarm) {
  if (all_.erase(alarm) == 0) return false;
  buffer_->Delete(kBucket, RecordKey(alarm));
  return true;
}

}  // namespace alarms
