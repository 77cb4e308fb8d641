#include "ctl/json.h"

#include "base/base64.h"
#include "ctl/printer.h"

namespace ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsId(const FieldDescriptor& field) {
  return field.name() == "cluster_id" || field.name() == "member_id" || field.name() == "ID";
}

std::string Value(const Message& message, const FieldDescriptor& field, bool hex_ids) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = reflection.GetUInt64(message, &field);
      return hex_ids && IsId(field) ? '"' + HexId(value) + '"' : std::to_string(value);
    }
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::to_string(reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(reflection.GetMessage(message, &field), hex_ids);
    default:
      break;
  }
  const std::string text = reflection.GetString(message, &field);
  return field.type() == FieldDescriptor::TYPE_BYTES ? JsonBytes(text) : JsonString(text);
}

std::string List(const Message& message, const FieldDescriptor& field, bool hex_ids) {
  const Reflection& reflection = *message.GetReflection();
  std::string list;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (i > 0) list += ',';
    // Messages and texts are all that etcd's answers repeat.
    list += field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                ? ToJson(reflection.GetRepeatedMessage(message, &field, i), hex_ids)
                : JsonString(reflection.GetRepeatedString(message, &field, i));
  }
  return '[' + list + ']';
}

bool IsSet(const Message& message, const FieldDescriptor& field, bool hex_ids) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
  return reflection.HasField(message, &field) || (hex_ids && IsId(field));
}

}  // namespace

void AppendJsonBytes(std::string_view bytes, std::string* text) {
  *text += '"';
  base::AppendBase64(bytes, base::Base64::kPadded, text);
  *text += '"';
}

std::string JsonBytes(std::string_view bytes) {
  std::string text;
  AppendJsonBytes(bytes, &text);
  return text;
}

std::string ToJson(const Message& message, bool hex_ids) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  std::string body;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsSet(message, field, hex_ids)) continue;
    if (!body.empty()) body += ',';
    body += '"' + field.name() + "\":" +
            (field.is_repeated() ? List(message, field, hex_ids) : Value(message, field, hex_ids));
  }
  if (type.real_oneof_decl_count() > 0) return "{\"Response\":{" + body + "}}";
  return '{' + body + '}';
}

}  // namespace ctl
