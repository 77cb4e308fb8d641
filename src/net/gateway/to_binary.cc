#include <google/protobuf/descriptor.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/wire.h"
#include "net/gateway/json_text.h"
#include "net/gateway/transcoder.h"
#include "net/rpc/encoding.h"

namespace gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr int kDepthMax = 100;

const FieldDescriptor* FindField(const Descriptor& type, const base::Bytes& name) {
  const FieldDescriptor* const field = type.FindFieldByName(name);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(name);
}

// An integer as JSON may write it, with a fraction or an exponent as long as it is whole.
template <typename Integer>
std::optional<Integer> ParseInteger(base::ByteView text) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  if (const auto [last, error] = std::from_chars(text.data(), end, value);
      error == std::errc() && last == end) {
    return value;
  }
  double number = 0;
  const auto [last, error] = std::from_chars(text.data(), end, number);
  constexpr double kExact = 9007199254740992;  // 2^53
  if (error != std::errc() || last != end || std::trunc(number) != number ||
      std::abs(number) > kExact ||
      number < static_cast<double>(std::numeric_limits<Integer>::min()) ||
      number > static_cast<double>(std::numeric_limits<Integer>::max())) {
    return std::nullopt;
  }
  return static_cast<Integer>(number);
}

class Encoder {
 public:
  explicit Encoder(base::ByteView json) : reader_(json) {}

  base::Result<base::Bytes> Run(const Descriptor& type) {
    base::Bytes binary;
    if (reader_.AtEnd()) return binary;
    if (Object(type, kDepthMax, &binary) && !reader_.AtEnd()) reader_.Fail("more than one value");
    if (!reader_.status().ok()) return reader_.status();
    return binary;
  }

 private:
  bool Object(const Descriptor& type, int depth, base::Bytes* out) {
    if (depth == 0) return reader_.Fail("nested too deeply");
    if (!reader_.Expect('{')) return false;
    if (reader_.Skip('}')) return true;
    base::Bytes name;
    do {
      if (!reader_.ReadString(&name) || !reader_.Expect(':')) return false;
      const FieldDescriptor* const field = FindField(type, name);
      if (field == nullptr ? !reader_.SkipValue(depth) : !Field(*field, depth, out)) return false;
    } while (reader_.Skip(','));
    return reader_.Expect('}');
  }

  bool Field(const FieldDescriptor& field, int depth, base::Bytes* out) {
    if (reader_.Peek() == 'n') {
      base::ByteView null;
      return reader_.ReadWord(&null);
    }
    if (!field.is_repeated()) return Value(field, depth, out);
    if (!reader_.Expect('[')) return false;
    if (reader_.Skip(']')) return true;
    do {
      if (!Value(field, depth, out)) return false;
    } while (reader_.Skip(','));
    return reader_.Expect(']');
  }

  bool Value(const FieldDescriptor& field, int depth, base::Bytes* out) {
    const auto number = static_cast<uint32_t>(field.number());
    base::WireWriter writer(out);
    switch (field.type()) {
      case FieldDescriptor::TYPE_MESSAGE: {
        base::Bytes message;
        if (!Object(*field.message_type(), depth - 1, &message)) return false;
        writer.Bytes(number, message);
        return true;
      }
      case FieldDescriptor::TYPE_STRING: {
        if (!reader_.ReadString(&text_)) return false;
        writer.Bytes(number, text_);
        return true;
      }
      case FieldDescriptor::TYPE_BYTES:
        return Base64(number, &writer);
      case FieldDescriptor::TYPE_BOOL:
        return Bool(number, &writer);
      case FieldDescriptor::TYPE_ENUM:
        return Enum(*field.enum_type(), number, &writer);
      case FieldDescriptor::TYPE_INT64:
        return Integer<int64_t>(number, &writer);
      case FieldDescriptor::TYPE_UINT64:
        return Integer<uint64_t>(number, &writer);
      case FieldDescriptor::TYPE_INT32:
        return Integer<int32_t>(number, &writer);
      case FieldDescriptor::TYPE_UINT32:
        return Integer<uint32_t>(number, &writer);
      default:
        return reader_.Fail("a field of a type that no request has");
    }
  }

  bool Base64(uint32_t number, base::WireWriter* writer) {
    if (!reader_.ReadString(&text_)) return false;
    // The alphabet for URLs is taken too.
    for (char& c : text_) c = c == '-' ? '+' : c == '_' ? '/' : c;
    const std::optional<base::Bytes> bytes = rpc::Base64Decode(text_);
    if (!bytes.has_value()) return reader_.Fail("bytes that are no base64");
    writer->Bytes(number, *bytes);
    return true;
  }

  bool Bool(uint32_t number, base::WireWriter* writer) {
    base::ByteView word;
    if (!reader_.ReadWord(&word)) return false;
    if (word != "true" && word != "false") return reader_.Fail("expected true or false");
    writer->Bool(number, word == "true");
    return true;
  }

  // As a number, or as a string that holds one.
  bool Word(base::ByteView* word) {
    if (reader_.Peek() != '"') return reader_.ReadWord(word);
    if (!reader_.ReadString(&text_)) return false;
    *word = text_;
    return true;
  }

  bool Enum(const EnumDescriptor& type, uint32_t number, base::WireWriter* writer) {
    base::ByteView word;
    if (!Word(&word)) return false;
    if (const auto* value = type.FindValueByName(std::string(word)); value != nullptr) {
      writer->Varint(number, static_cast<uint64_t>(int64_t{value->number()}));
      return true;
    }
    const std::optional<int32_t> value = ParseInteger<int32_t>(word);
    if (!value.has_value()) return reader_.Fail("an unknown name of an enum");
    writer->Varint(number, static_cast<uint64_t>(int64_t{*value}));
    return true;
  }

  template <typename Type>
  bool Integer(uint32_t number, base::WireWriter* writer) {
    base::ByteView word;
    if (!Word(&word)) return false;
    const std::optional<Type> value = ParseInteger<Type>(word);
    if (!value.has_value()) return reader_.Fail("a number that is not in the field's range");
    writer->Varint(number, static_cast<uint64_t>(*value));
    return true;
  }

  JsonReader reader_;
  base::Bytes text_;
};

}  // namespace

base::Result<base::Bytes> ToBinary(const Descriptor& type, base::ByteView json) {
  return Encoder(json).Run(type);
}

}  // namespace gateway
