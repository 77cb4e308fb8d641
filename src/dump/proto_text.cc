#include "dump/proto_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/unknown_field_set.h>

#include <charconv>
#include <cstdint>

#include "base/go_text.h"

namespace dump {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr char32_t kDelete = 0x7f;
constexpr char32_t kFirstPrintableBeyondAscii = 0xa0;

void AppendHex(uint64_t number, size_t digits_min, std::string* out) {
  char digits[16];
  const char* const end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  const auto count = static_cast<size_t>(end - digits);
  if (count < digits_min) out->append(digits_min - count, '0');
  out->append(digits, count);
}

void AppendEscapedByte(uint8_t byte, std::string* out) {
  switch (byte) {
    case '\n':
      *out += "\\n";
      break;
    case '\r':
      *out += "\\r";
      break;
    case '\t':
      *out += "\\t";
      break;
    case '"':
    case '\\':
      *out += '\\';
      *out += static_cast<char>(byte);
      break;
    default:
      *out += "\\x";
      AppendHex(byte, 2, out);
  }
}

void AppendString(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    const size_t length = base::Utf8Length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(sequence.size());
    const char32_t character =
        length == 0 ? static_cast<uint8_t>(sequence[0]) : base::Utf8Decode(sequence);
    if (length == 0 || character < ' ' || character == '"' || character == '\\' ||
        character == kDelete) {
      AppendEscapedByte(static_cast<uint8_t>(sequence[0]), out);
    } else if (character > kDelete && character < kFirstPrintableBeyondAscii) {
      *out += "\\u";
      AppendHex(character, 4, out);
    } else {
      *out += sequence;
    }
  }
  *out += '"';
}

// Appends names with what belongs between them and what is before.
class Fields {
 public:
  explicit Fields(std::string* out) : out_(*out) {}
  void AppendName(std::string_view name) {
    if (!is_first_) out_ += ' ';
    is_first_ = false;
    out_.append(name) += ':';
  }

 private:
  std::string& out_;
  bool is_first_ = true;
};

void AppendMessage(const Message& message, std::string* out);

void AppendUnknown(const UnknownFieldSet& unknown, Fields* fields, std::string* out) {
  for (int i = 0; i < unknown.field_count(); ++i) {
    const UnknownField& field = unknown.field(i);
    fields->AppendName(std::to_string(field.number()));
    switch (field.type()) {
      case UnknownField::TYPE_VARINT:
        *out += std::to_string(field.varint());
        break;
      case UnknownField::TYPE_FIXED32:
        *out += "0x";
        AppendHex(field.fixed32(), 1, out);
        break;
      case UnknownField::TYPE_FIXED64:
        *out += "0x";
        AppendHex(field.fixed64(), 1, out);
        break;
      case UnknownField::TYPE_LENGTH_DELIMITED:
        AppendString(field.length_delimited(), out);
        break;
      case UnknownField::TYPE_GROUP: {
        *out += '{';
        Fields inner(out);
        AppendUnknown(field.group(), &inner, out);
        *out += '}';
        break;
      }
    }
  }
}

void AppendEnum(const FieldDescriptor& field, int number, std::string* out) {
  const auto* const value = field.enum_type()->FindValueByNumber(number);
  *out += value == nullptr ? std::to_string(number) : value->name();
}

// `index` is -1 for a field that is not repeated, as TextFormat has it.
void AppendScalar(const Message& message, const FieldDescriptor& field, int index,
                  std::string* out) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_one = index < 0;
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      AppendString(is_one ? reflection.GetStringReference(message, &field, &scratch)
                          : reflection.GetRepeatedStringReference(message, &field, index, &scratch),
                   out);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      AppendEnum(field,
                 is_one ? reflection.GetEnumValue(message, &field)
                        : reflection.GetRepeatedEnumValue(message, &field, index),
                 out);
      break;
    default:
      google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &scratch);
      *out += scratch;
  }
}

void AppendField(const Message& message, const FieldDescriptor& field, int index, Fields* fields,
                 std::string* out) {
  fields->AppendName(field.name());
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return AppendScalar(message, field, index, out);
  }
  const Reflection& reflection = *message.GetReflection();
  *out += '{';
  AppendMessage(index < 0 ? reflection.GetMessage(message, &field)
                          : reflection.GetRepeatedMessage(message, &field, index),
                out);
  *out += '}';
}

void AppendMessage(const Message& message, std::string* out) {
  const auto& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  Fields fields(out);
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated()) {
      const int count = reflection.FieldSize(message, &field);
      for (int j = 0; j < count; ++j) AppendField(message, field, j, &fields, out);
    } else if (reflection.HasField(message, &field)) {
      AppendField(message, field, -1, &fields, out);
    }
  }
  AppendUnknown(reflection.GetUnknownFields(message), &fields, out);
}

}  // namespace

std::string ProtoText(const Message& message) {
  std::string text;
  AppendMessage(message, &text);
  return text;
}

void SilenceProtobuf() {
  google::protobuf::SetLogHandler(nullptr);
}

std::string ProtoString(std::string_view text) {
  std::string quoted;
  AppendString(text, &quoted);
  return quoted;
}

}  // namespace dump
