#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/varint.h"

namespace base {

// Protobuf's wire format for the few messages that we encode by hand, because their bytes must
// be exact or their cost matters: raft messages, log records, stored key-values, answers.

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t WireTag(uint32_t field, WireType type) {
  return field << 3 | static_cast<uint32_t>(type);
}

// Writes fields one after the other, by way of a sink, which says where their bytes go. The numbers
// of the fields are constants where this is called, so that the compiler sees the bytes of the
// tags.
template <typename Sink>
class WireWriterTo : public Sink {
 public:
  using Sink::Sink;

  // Each writes the field even if it is zero or empty.
  void Varint(uint32_t field, uint64_t value) {
    Sink::PutVarints(WireTag(field, WireType::kVarint), value);
  }
  void Bool(uint32_t field, bool value) { Varint(field, value ? 1 : 0); }
  void Bytes(uint32_t field, ByteView value) {
    BytesHeader(field, value.size());
    Sink::PutRaw(value);
  }
  // The tag and length of a field whose `size` bytes are written next.
  void BytesHeader(uint32_t field, size_t size) {
    Sink::PutVarints(WireTag(field, WireType::kBytes), size);
  }

  // Each omits the field if it is zero or empty, as proto3 does.
  void VarintIfSet(uint32_t field, uint64_t value) {
    if (value != 0) Varint(field, value);
  }
  void BytesIfSet(uint32_t field, ByteView value) {
    if (!value.empty()) Bytes(field, value);
  }
};

// Appends to `*out`, which outlives it.
class WireAppending {
 public:
  explicit WireAppending(base::Bytes* out) : out_(out) {}

 protected:
  void PutVarints(uint64_t tag, uint64_t value) {
    char buffer[2 * kVarintBytesMax];
    const char* const end = PutVarint(value, PutVarint(tag, buffer));
    out_->append(buffer, static_cast<size_t>(end - buffer));
  }
  void PutRaw(ByteView bytes) { out_->append(bytes); }

 private:
  base::Bytes* out_;
};

// Writes into memory from `at` on; there is room, whose size was counted before.
class WireFilling {
 public:
  explicit WireFilling(char* at) : at_(at) {}

  // What follows the last byte written.
  char* end() const { return at_; }

 protected:
  void PutVarints(uint64_t tag, uint64_t value) { at_ = PutVarint(value, PutVarint(tag, at_)); }
  void PutRaw(ByteView bytes) { at_ += bytes.copy(at_, bytes.size()); }

 private:
  char* at_;
};

// Writes nothing, and says how much it would have been.
class WireCounting {
 public:
  size_t size() const { return size_; }

 protected:
  void PutVarints(uint64_t tag, uint64_t value) { size_ += VarintSize(tag) + VarintSize(value); }
  void PutRaw(ByteView bytes) { size_ += bytes.size(); }

 private:
  size_t size_ = 0;
};

using WireWriter = WireWriterTo<WireAppending>;
using WireFiller = WireWriterTo<WireFilling>;
using WireCounter = WireWriterTo<WireCounting>;

// The encoded size of a field, tag included.
constexpr size_t WireVarintSize(uint32_t field, uint64_t value) {
  return VarintSize(WireTag(field, WireType::kVarint)) + VarintSize(value);
}
constexpr size_t WireBytesSize(uint32_t field, size_t size) {
  return VarintSize(WireTag(field, WireType::kBytes)) + VarintSize(size) + size;
}

// Walks the fields of an encoded message, of any order and with unknown ones among them:
//
//   WireReader reader(input);
//   while (reader.Next()) {
//     switch (reader.field()) { case 1: id = reader.varint(); break; ... }
//   }
//   if (!reader.ok()) ...
//
// A field of another wire type than the one asked for makes the reader fail, as protobuf parsers
// reject or ignore it; views borrow from the input.
class WireReader {
 public:
  explicit WireReader(ByteView in) : in_(in) {}

  // Moves to the next field; false at the end or at malformed input.
  bool Next();
  // False once malformed input or a wrong wire type was met.
  bool ok() const { return ok_; }

  uint32_t field() const { return field_; }
  WireType type() const { return type_; }
  // The current field's value.
  uint64_t varint() { return Expect(WireType::kVarint) ? scalar_ : 0; }
  ByteView bytes() { return Expect(WireType::kBytes) ? bytes_ : ByteView(); }

 private:
  bool Expect(WireType type) {
    ok_ = ok_ && type_ == type;
    return ok_;
  }
  bool Fail() {
    ok_ = false;
    return false;
  }
  bool ReadValue();

  ByteView in_;
  bool ok_ = true;
  uint32_t field_ = 0;
  WireType type_ = WireType::kVarint;
  uint64_t scalar_ = 0;
  ByteView bytes_;
};

}  // namespace base
