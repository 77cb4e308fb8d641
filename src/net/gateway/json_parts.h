#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
}  // namespace google::protobuf

namespace gateway {

// An encoded message told in JSON (transcoder.h) as its bytes come, so that neither of the two is
// ever in memory as a whole. Of what came it keeps the beginning of a field, and a string until its
// end; bytes, which may be long, are told as they come.
//
// The fields of each message come in the order of their numbers, and once if they are not repeated,
// as all that encode messages write them.
class JsonParts {
 public:
  // Of a message of `size` bytes. `type` outlives this.
  JsonParts(const google::protobuf::Descriptor* type, size_t size);

  // Appends what the next bytes say: four thirds of them and a few dozen bytes a field. kInternal
  // for bytes that do not go on with such a message; then `*json` is of no use.
  base::Status Add(base::ByteView bytes, base::Bytes* json);
  // Whether all of the message has come, and was one.
  bool done() const { return levels_.empty(); }

 private:
  // A message that has begun; the others are within the one before.
  struct Level {
    const google::protobuf::Descriptor* type;
    size_t left;  // bytes that follow, but for those of the field that has begun
    int number;   // of the last field
    bool told;    // any field
    bool in_list;
  };
  // What the bytes are that follow a field's beginning.
  enum class Value : uint8_t { kNone, kBytes, kText, kUnknown };
  // How a field begins: its tag, and its number or how many bytes follow.
  struct Head {
    uint64_t tag = 0;
    uint64_t number = 0;
    size_t bytes = 0;
  };

  void BeginMessage(const google::protobuf::Descriptor* type, size_t size, base::Bytes* json);
  void EndMessages(base::Bytes* json);
  // Takes bytes off the front until the head is whole, if it becomes so.
  base::Result<bool> TakeHead(base::ByteView* bytes, Head* head);
  base::Status BeginField(const Head& head, base::Bytes* json);
  // Writes what stands before a value.
  void BeginValue(base::Bytes* json);
  base::Status AddValue(base::ByteView part, base::Bytes* json);
  void AddBytes(base::ByteView part, base::Bytes* json);
  void EndGroup(base::Bytes* json);
  base::Status EndValue(base::Bytes* json);
  base::Status EndText(base::Bytes* json);

  std::vector<Level> levels_;
  bool begun_ = false;
  char head_[20] = {};  // of the field that begins, as far as it has come
  uint8_t head_size_ = 0;
  const google::protobuf::FieldDescriptor* field_ = nullptr;  // that has begun
  Value value_ = Value::kNone;
  size_t value_left_ = 0;
  base::Bytes text_;    // of a string, or of packed numbers
  char group_[3] = {};  // bytes that are not a group of base64 yet
  uint8_t group_size_ = 0;
};

}  // namespace gateway
