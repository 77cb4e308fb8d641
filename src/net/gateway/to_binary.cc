#include <google/protobuf/descriptor.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
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
  const std::from_chars_result whole = std::from_chars(text.data(), end, value);
  if (whole.ec == std::errc() && whole.ptr == end) return value;
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

// Base64 as Go's protojson takes it: a text with one of the letters "-_" has the alphabet for URLs;
// padding is there if, and only if, the length is a multiple of four; line breaks do not matter.
// Spoils `*text`.
std::optional<base::Bytes> DecodeBase64(base::Bytes* text) {
  const bool is_padded = text->size() % 4 == 0;
  bool has_url_digits = false;
  bool has_other_digits = false;
  bool has_breaks = false;
  for (const char c : *text) {
    has_url_digits |= c == '-' || c == '_';
    has_other_digits |= c == '+' || c == '/';
    has_breaks |= c == '\r' || c == '\n';
  }
  if (has_url_digits && has_other_digits) return std::nullopt;
  if (has_url_digits) {
    for (char& c : *text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  if (has_breaks) std::erase_if(*text, [](char c) { return c == '\r' || c == '\n'; });
  const bool fits = is_padded ? text->size() % 4 == 0 : !text->ends_with('=');
  return fits ? rpc::Base64Decode(*text) : std::nullopt;
}

class Encoder {
 public:
  explicit Encoder(base::ByteView json) : reader_(json) {}

  base::Result<base::Bytes> Run(const Descriptor& type) {
    base::Bytes binary;
    if (reader_.AtEnd()) return binary;
    if (!Object(type, kDepthMax, &binary)) return reader_.status();
    return binary;
  }

 private:
  // The fields, and the unions, of one message that have come, by their indices.
  struct Seen {
    static bool Add(int index, uint64_t* indices) {
      CHECK_LT(index, 64);
      const uint64_t bit = uint64_t{1} << index;
      return (std::exchange(*indices, *indices | bit) & bit) == 0;
    }
    uint64_t fields = 0;
    uint64_t oneofs = 0;
  };

  bool Object(const Descriptor& type, int depth, base::Bytes* out) {
    if (depth == 0) return reader_.Fail("nested too deeply");
    if (!reader_.Expect('{')) return false;
    if (reader_.Skip('}')) return true;
    Seen seen;
    base::Bytes name;
    do {
      if (!reader_.ReadString(&name) || !reader_.Expect(':')) return false;
      const FieldDescriptor* const field = FindField(type, name);
      const bool good =
          field == nullptr ? reader_.SkipValue(depth) : Field(*field, depth, &seen, out);
      if (!good) return false;
    } while (reader_.Skip(','));
    return reader_.Expect('}');
  }

  bool Field(const FieldDescriptor& field, int depth, Seen* seen, base::Bytes* out) {
    if (!seen->Add(field.index(), &seen->fields))
      return reader_.Fail("a field that is there twice");
    if (reader_.Peek() == 'n') {
      base::ByteView null;
      return reader_.ReadWord(&null);
    }
    const auto* const oneof = field.containing_oneof();
    if (oneof != nullptr && !seen->Add(oneof->index(), &seen->oneofs)) {
      return reader_.Fail("a second field of a union");
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
    const std::optional<base::Bytes> bytes = DecodeBase64(&text_);
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

  // A number, or a string that holds one.
  bool Word(base::ByteView* word) {
    if (reader_.Peek() != '"') return reader_.ReadWord(word);
    if (!reader_.ReadString(&text_)) return false;
    *word = text_;
    return true;
  }

  bool Enum(const EnumDescriptor& type, uint32_t number, base::WireWriter* writer) {
    if (reader_.Peek() == '"') {
      if (!reader_.ReadString(&text_)) return false;
      const auto* const value = type.FindValueByName(text_);
      if (value != nullptr) writer->Varint(number, static_cast<uint64_t>(int64_t{value->number()}));
      return true;
    }
    base::ByteView word;
    if (!reader_.ReadWord(&word)) return false;
    const std::optional<int32_t> value = ParseInteger<int32_t>(word);
    if (!value.has_value()) return reader_.Fail("expected a value of an enum");
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
