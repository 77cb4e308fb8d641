#include "storage/snap/record_stream.h"

#include <algorithm>
#include <string>

#include "base/crc32c.h"

namespace snap {
namespace {

constexpr char kBucket = 'B';
constexpr char kRecord = 'R';
constexpr char kEnd = 'E';

// Of what has a fixed size, with the letter.
constexpr size_t kBucketHeadBytes = 2;
constexpr size_t kRecordHeadBytes = 9;
constexpr size_t kCountedEndBytes = 9;  // what the checksum of the end covers
constexpr size_t kEndBytes = 13;
constexpr size_t kNameBytesMax = 255;

// What is kept for the next partial item; a large one's memory is given back.
constexpr size_t kKeptBytes = 64 << 10;

base::Status Broken(std::string_view what) {
  return {base::Code::kDataLoss, "the stream of records is damaged: " + std::string(what)};
}

void AppendU32(uint32_t value, base::Bytes* out) {
  char bytes[sizeof value];
  base::Store32Le(bytes, value);
  out->append(bytes, sizeof bytes);
}

void AppendU64(uint64_t value, base::Bytes* out) {
  char bytes[sizeof value];
  base::Store64Le(bytes, value);
  out->append(bytes, sizeof bytes);
}

}  // namespace

base::Result<bool> RecordStreamWriter::Write(size_t bytes, base::Bytes* out) {
  const size_t begin = out->size();
  while (out->size() - begin < bytes) {
    const size_t item = out->size();
    ASSIGN_OR_RETURN(const bool found, WriteNext(out));
    if (!found) {
      out->push_back(kEnd);
      AppendU64(records_, out);
      crc_ = base::Crc32c(base::ByteView(*out).substr(item), crc_);
      AppendU32(crc_, out);
      return false;
    }
    crc_ = base::Crc32c(base::ByteView(*out).substr(item), crc_);
  }
  return true;
}

base::Result<bool> RecordStreamWriter::WriteNext(base::Bytes* out) {
  if (in_bucket_) {
    ASSIGN_OR_RETURN(const auto record, source_.NextRecord());
    if (record) {
      if (record->key.size() + record->value.size() > kStreamedRecordBytesMax) {
        return base::Status(base::Code::kResourceExhausted, "a record is too large to be sent");
      }
      out->push_back(kRecord);
      AppendU32(static_cast<uint32_t>(record->key.size()), out);
      AppendU32(static_cast<uint32_t>(record->value.size()), out);
      out->append(record->key);
      out->append(record->value);
      ++records_;
      return true;
    }
  }
  ASSIGN_OR_RETURN(const auto name, source_.NextBucket());
  in_bucket_ = name.has_value();
  if (!in_bucket_) return false;
  if (name->empty() || name->size() > kNameBytesMax) return Broken("the name of a bucket");
  out->push_back(kBucket);
  out->push_back(static_cast<char>(name->size()));
  out->append(*name);
  return true;
}

base::Status RecordStreamReader::Take(base::ByteView bytes) {
  while (!bytes.empty()) {
    if (ended_) return Broken("something follows its end");
    const base::ByteView at = partial_.empty() ? bytes : base::ByteView(partial_);
    ASSIGN_OR_RETURN(const uint64_t item_bytes, ItemBytes(at));
    if (partial_.empty() && item_bytes <= bytes.size()) {
      RETURN_IF_ERROR(TakeItem(bytes.substr(0, item_bytes)));
      bytes.remove_prefix(item_bytes);
      continue;
    }
    const size_t taken = std::min<uint64_t>(item_bytes - partial_.size(), bytes.size());
    partial_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    ASSIGN_OR_RETURN(const uint64_t known_bytes, ItemBytes(partial_));
    if (known_bytes > partial_.size()) continue;
    RETURN_IF_ERROR(TakeItem(partial_));
    partial_.clear();
    if (partial_.capacity() > kKeptBytes) partial_ = base::Bytes();
  }
  return {};
}

base::Result<uint64_t> RecordStreamReader::ItemBytes(base::ByteView bytes) const {
  switch (bytes[0]) {
    case kBucket:
      if (bytes.size() < kBucketHeadBytes) return uint64_t{kBucketHeadBytes};
      if (bytes[1] == 0) return Broken("a bucket without a name");
      return uint64_t{kBucketHeadBytes} + static_cast<uint8_t>(bytes[1]);
    case kRecord: {
      if (!in_bucket_) return Broken("a record outside of a bucket");
      if (bytes.size() < kRecordHeadBytes) return uint64_t{kRecordHeadBytes};
      const uint64_t key_bytes = base::Load32Le(bytes.data() + 1);
      const uint64_t value_bytes = base::Load32Le(bytes.data() + 5);
      if (key_bytes == 0) return Broken("a record without a key");
      if (key_bytes + value_bytes > kStreamedRecordBytesMax) return Broken("the size of a record");
      return kRecordHeadBytes + key_bytes + value_bytes;
    }
    case kEnd:
      return uint64_t{kEndBytes};
    default:
      return Broken("neither bucket nor record nor end");
  }
}

base::Status RecordStreamReader::TakeItem(base::ByteView item) {
  if (item[0] == kEnd) return TakeEnd(item);
  crc_ = base::Crc32c(item, crc_);
  if (item[0] == kBucket) {
    in_bucket_ = true;
    return sink_.OnBucket(item.substr(kBucketHeadBytes));
  }
  ++records_;
  const size_t key_bytes = base::Load32Le(item.data() + 1);
  item.remove_prefix(kRecordHeadBytes);
  return sink_.OnRecord({item.substr(0, key_bytes), item.substr(key_bytes)});
}

base::Status RecordStreamReader::TakeEnd(base::ByteView item) {
  const uint64_t records = base::Load64Le(item.data() + 1);
  if (records != records_) {
    return Broken("it should have " + std::to_string(records) + " records and has " +
                  std::to_string(records_));
  }
  if (base::Load32Le(item.data() + kCountedEndBytes) !=
      base::Crc32c(item.substr(0, kCountedEndBytes), crc_)) {
    return Broken("its checksum does not fit");
  }
  ended_ = true;
  return {};
}

}  // namespace snap
