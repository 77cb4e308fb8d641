#include "net/gateway/json_parts.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/base64.h"
#include "base/go_text.h"
#include "base/json_string.h"
#include "base/varint.h"
#include "base/wire.h"
#include "net/gateway/transcoder.h"

namespace gateway {
namespace {

using base::WireType;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Of messages: an answer has about as many as its request, which had arrays in between.
constexpr size_t kDepthMax = kJsonDepthMax;

base::Status Malformed() {
  return {base::Code::kInternal, "json: the answer is malformed"};
}

bool IsBytes(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE ||
         field.type() == FieldDescriptor::TYPE_STRING ||
         field.type() == FieldDescriptor::TYPE_BYTES;
}

// Numbers of a repeated field may be packed.
bool MayBe(const FieldDescriptor& field, WireType type) {
  if (type == WireType::kVarint) return !IsBytes(field);
  return type == WireType::kBytes && (IsBytes(field) || field.is_repeated());
}

template <typename Integer>
void AppendNumber(Integer value, base::Bytes* out) {
  char text[24];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  static_cast<void>(error);
  out->append(text, end);
}

base::Status AppendScalar(const FieldDescriptor& field, uint64_t value, base::Bytes* out) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BOOL:
      out->append(value != 0 ? "true" : "false");
      return {};
    case FieldDescriptor::TYPE_ENUM: {
      const auto number = static_cast<int32_t>(value);
      const auto* const name = field.enum_type()->FindValueByNumber(number);
      if (name != nullptr) {
        base::AppendProtoJsonString(name->name(), out);
      } else {
        AppendNumber(number, out);
      }
      return {};
    }
    case FieldDescriptor::TYPE_INT32:
      AppendNumber(static_cast<int32_t>(value), out);
      return {};
    case FieldDescriptor::TYPE_UINT32:
      AppendNumber(static_cast<uint32_t>(value), out);
      return {};
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT64:
      out->push_back('"');
      if (field.type() == FieldDescriptor::TYPE_INT64) {
        AppendNumber(static_cast<int64_t>(value), out);
      } else {
        AppendNumber(value, out);
      }
      out->push_back('"');
      return {};
    default:
      return Malformed();
  }
}

}  // namespace

JsonParts::JsonParts(const Descriptor* type, size_t size) {
  levels_.push_back({.type = type, .left = size, .number = 0, .told = false, .in_list = false});
}

base::Status JsonParts::Add(base::ByteView bytes, base::Bytes* json) {
  if (!std::exchange(begun_, true)) json->push_back('{');
  EndMessages(json);
  while (!bytes.empty()) {
    if (levels_.empty()) return Malformed();
    if (value_ != Value::kNone) {
      const base::ByteView part = bytes.substr(0, value_left_);
      bytes.remove_prefix(part.size());
      RETURN_IF_ERROR(AddValue(part, json));
    } else {
      Head head;
      ASSIGN_OR_RETURN(const bool whole, TakeHead(&bytes, &head));
      if (whole) RETURN_IF_ERROR(BeginField(head, json));
    }
    EndMessages(json);
  }
  return {};
}

void JsonParts::BeginMessage(const Descriptor* type, size_t size, base::Bytes* json) {
  levels_.push_back({.type = type, .left = size, .number = 0, .told = false, .in_list = false});
  json->push_back('{');
}

void JsonParts::EndMessages(base::Bytes* json) {
  while (!levels_.empty() && levels_.back().left == 0 && value_ == Value::kNone &&
         head_size_ == 0) {
    json->append(levels_.back().in_list ? "]}" : "}");
    levels_.pop_back();
  }
}

base::Result<bool> JsonParts::TakeHead(base::ByteView* bytes, Head* head) {
  Level& level = levels_.back();
  while (!bytes->empty()) {
    if (level.left == 0 || head_size_ == sizeof head_) return Malformed();
    const char next = bytes->front();
    bytes->remove_prefix(1);
    --level.left;
    head_[head_size_++] = next;
    if ((static_cast<unsigned char>(next) & 0x80) != 0) continue;
    base::ByteView rest(head_, head_size_);
    if (!base::ConsumeVarint(&rest, &head->tag)) return Malformed();
    const auto type = static_cast<WireType>(head->tag & 7);
    if (type == WireType::kFixed64 || type == WireType::kFixed32) {
      head->bytes = type == WireType::kFixed64 ? 8 : 4;
    } else if (type != WireType::kVarint && type != WireType::kBytes) {
      return Malformed();
    } else if (rest.empty()) {
      continue;
    } else if (!base::ConsumeVarint(&rest, &head->number)) {
      return Malformed();
    } else if (type == WireType::kBytes) {
      head->bytes = head->number;
    }
    head_size_ = 0;
    return true;
  }
  return false;
}

base::Status JsonParts::BeginField(const Head& head, base::Bytes* json) {
  Level& level = levels_.back();
  if (head.bytes > level.left || head.tag >> 3 > FieldDescriptor::kMaxNumber) return Malformed();
  const auto type = static_cast<WireType>(head.tag & 7);
  field_ = level.type->FindFieldByNumber(static_cast<int>(head.tag >> 3));
  value_left_ = head.bytes;
  level.left -= head.bytes;
  if (field_ == nullptr || !MayBe(*field_, type)) {
    if (value_left_ > 0) value_ = Value::kUnknown;
    return {};
  }
  const FieldDescriptor& field = *field_;
  const bool again = field.number() == level.number;
  if (field.number() < level.number || (again && !field.is_repeated())) return Malformed();
  const bool is_packed = type == WireType::kBytes && !IsBytes(field);
  // What proto3 does not tell from what is absent.
  const bool is_zero = type == WireType::kBytes ? head.bytes == 0 : head.number == 0;
  if (is_zero && (is_packed || (!field.has_presence() && !field.is_repeated()))) return {};
  BeginValue(json);
  if (type == WireType::kVarint) return AppendScalar(field, head.number, json);
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    if (levels_.size() == kDepthMax) return Malformed();
    value_left_ = 0;
    BeginMessage(field.message_type(), head.bytes, json);
    return {};
  }
  value_ = field.type() == FieldDescriptor::TYPE_BYTES ? Value::kBytes : Value::kText;
  if (value_ == Value::kBytes) json->push_back('"');
  return value_left_ == 0 ? EndValue(json) : base::Status();
}

void JsonParts::BeginValue(base::Bytes* json) {
  Level& level = levels_.back();
  if (std::exchange(level.number, field_->number()) == field_->number()) {
    json->push_back(',');
    return;
  }
  if (std::exchange(level.in_list, field_->is_repeated())) json->push_back(']');
  if (std::exchange(level.told, true)) json->push_back(',');
  json->push_back('"');
  json->append(field_->name());
  json->append(level.in_list ? "\":[" : "\":");
}

base::Status JsonParts::AddValue(base::ByteView part, base::Bytes* json) {
  value_left_ -= part.size();
  if (value_ == Value::kBytes) AddBytes(part, json);
  if (value_ == Value::kText) text_.append(part);
  return value_left_ == 0 ? EndValue(json) : base::Status();
}

void JsonParts::AddBytes(base::ByteView part, base::Bytes* json) {
  while (group_size_ > 0 && group_size_ < sizeof group_ && !part.empty()) {
    group_[group_size_++] = part.front();
    part.remove_prefix(1);
  }
  if (group_size_ == sizeof group_) EndGroup(json);
  const base::ByteView whole = part.substr(0, part.size() / sizeof group_ * sizeof group_);
  base::AppendBase64(whole, base::Base64::kPadded, json);
  part.remove_prefix(whole.size());
  for (const char byte : part) group_[group_size_++] = byte;
}

void JsonParts::EndGroup(base::Bytes* json) {
  base::AppendBase64({group_, std::exchange(group_size_, 0)}, base::Base64::kPadded, json);
}

base::Status JsonParts::EndValue(base::Bytes* json) {
  const Value value = std::exchange(value_, Value::kNone);
  if (value == Value::kText) return EndText(json);
  if (value == Value::kBytes) {
    EndGroup(json);
    json->push_back('"');
  }
  return {};
}

base::Status JsonParts::EndText(base::Bytes* json) {
  const base::Bytes text = std::exchange(text_, {});
  if (field_->type() == FieldDescriptor::TYPE_STRING) {
    if (!base::IsUtf8(text)) return Malformed();
    base::AppendProtoJsonString(text, json);
    return {};
  }
  base::ByteView packed = text;
  for (uint64_t number = 0; !packed.empty();) {
    if (!base::ConsumeVarint(&packed, &number)) return Malformed();
    RETURN_IF_ERROR(AppendScalar(*field_, number, json));
    if (!packed.empty()) json->push_back(',');
  }
  return {};
}

base::Result<base::Bytes> ToJson(const Descriptor& type, base::ByteView binary) {
  base::Bytes json;
  json.reserve(64 + binary.size() * 3 / 2);
  JsonParts parts(&type, binary.size());
  RETURN_IF_ERROR(parts.Add(binary, &json));
  if (!parts.done()) return Malformed();
  return json;
}

}  // namespace gateway
