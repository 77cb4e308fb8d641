#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace base {

// Protobuf's wire format for the few messages that we encode by hand, because their bytes must
// be exact or their cost matters: raft messages, log records, stored key-values.

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Appends fields to `*out`, which must outlive the writer.
class WireWriter {
 public:
  explicit WireWriter(base::Bytes* out) : out_(out) {}

  // Each writes the field even if it is zero or empty.
  void Varint(uint32_t field, uint64_t value);
  void Bool(uint32_t field, bool value) { Varint(field, value ? 1 : 0); }
  void Bytes(uint32_t field, ByteView value);
  // The tag and length of a field whose `size` bytes the caller appends next.
  void BytesHeader(uint32_t field, size_t size);

  // Each omits the field if it is zero or empty, as proto3 does.
  void VarintIfSet(uint32_t field, uint64_t value) {
    if (value != 0) Varint(field, value);
  }
  void BytesIfSet(uint32_t field, ByteView value) {
    if (!value.empty()) Bytes(field, value);
  }

 private:
  base::Bytes* out_;
};

// The encoded size of a field, tag included.
size_t WireVarintSize(uint32_t field, uint64_t value);
size_t WireBytesSize(uint32_t field, size_t size);

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
