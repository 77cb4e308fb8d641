#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/go_text.h"
#include "base/varint.h"
#include "base/wire.h"
#include "net/gateway/json_text.h"
#include "net/gateway/transcoder.h"

namespace gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kDepthMax = 100;

base::Status Malformed() {
  return {base::Code::kInternal, "json: the answer is malformed"};
}

// A field as it stands in the bytes.
struct Occurrence {
  const FieldDescriptor* field = nullptr;
  bool is_bytes = false;
  uint64_t number = 0;
  base::ByteView bytes;
};

bool IsBytes(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE ||
         field.type() == FieldDescriptor::TYPE_STRING ||
         field.type() == FieldDescriptor::TYPE_BYTES;
}

template <typename Integer>
void AppendNumber(Integer value, base::Bytes* out) {
  char text[24];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  static_cast<void>(error);
  out->append(text, end);
}

base::Status AppendObject(const Descriptor& type, base::ByteView binary, int depth,
                          base::Bytes* out);

base::Status AppendScalar(const FieldDescriptor& field, uint64_t value, base::Bytes* out) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BOOL:
      out->append(value != 0 ? "true" : "false");
      return {};
    case FieldDescriptor::TYPE_ENUM: {
      const auto number = static_cast<int32_t>(value);
      const auto* const name = field.enum_type()->FindValueByNumber(number);
      if (name != nullptr) {
        AppendJsonString(name->name(), out);
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

base::Status AppendValue(const Occurrence& occurrence, int depth, base::Bytes* out) {
  const FieldDescriptor& field = *occurrence.field;
  switch (field.type()) {
    case FieldDescriptor::TYPE_MESSAGE:
      return AppendObject(*field.message_type(), occurrence.bytes, depth - 1, out);
    case FieldDescriptor::TYPE_STRING:
      if (!base::IsUtf8(occurrence.bytes)) return Malformed();
      AppendJsonString(occurrence.bytes, out);
      return {};
    case FieldDescriptor::TYPE_BYTES:
      AppendJsonBytes(occurrence.bytes, out);
      return {};
    default:
      return AppendScalar(field, occurrence.number, out);
  }
}

// The fields of a message in the order of their numbers; what is unknown, or of another type than
// it should be, is left out. Numbers of a repeated field may be packed.
base::Result<std::vector<Occurrence>> Occurrences(const Descriptor& type, base::ByteView binary) {
  std::vector<Occurrence> all;
  all.reserve(static_cast<size_t>(type.field_count()));  // each once, usually
  base::WireReader reader(binary);
  while (reader.Next()) {
    const FieldDescriptor* const field = type.FindFieldByNumber(static_cast<int>(reader.field()));
    if (field == nullptr) continue;
    if (reader.type() == base::WireType::kVarint && !IsBytes(*field)) {
      all.push_back({field, false, reader.varint(), {}});
    } else if (reader.type() == base::WireType::kBytes && IsBytes(*field)) {
      all.push_back({field, true, 0, reader.bytes()});
    } else if (reader.type() == base::WireType::kBytes && field->is_repeated()) {
      base::ByteView packed = reader.bytes();
      for (uint64_t value = 0; !packed.empty();) {
        if (!base::ConsumeVarint(&packed, &value)) return Malformed();
        all.push_back({field, false, value, {}});
      }
    }
  }
  if (!reader.ok()) return Malformed();
  const auto by_number = [](const Occurrence& a, const Occurrence& b) {
    return a.field->number() < b.field->number();
  };
  if (!std::is_sorted(all.begin(), all.end(), by_number)) {
    std::stable_sort(all.begin(), all.end(), by_number);
  }
  return all;
}

base::Status AppendList(const std::vector<Occurrence>& all, size_t begin, size_t end, int depth,
                        base::Bytes* out) {
  out->push_back('[');
  for (size_t i = begin; i < end; ++i) {
    if (i > begin) out->push_back(',');
    RETURN_IF_ERROR(AppendValue(all[i], depth, out));
  }
  out->push_back(']');
  return {};
}

// Of several occurrences the last counts; those of a message are parts of one.
base::Status AppendLast(const std::vector<Occurrence>& all, size_t begin, size_t end, int depth,
                        base::Bytes* out) {
  if (all[begin].field->type() != FieldDescriptor::TYPE_MESSAGE || end - begin == 1) {
    return AppendValue(all[end - 1], depth, out);
  }
  base::Bytes joined;
  for (size_t i = begin; i < end; ++i) joined.append(all[i].bytes);
  return AppendObject(*all[begin].field->message_type(), joined, depth - 1, out);
}

// What proto3 does not tell from what is absent.
bool IsZero(const Occurrence& last) {
  return !last.field->has_presence() && !last.field->is_repeated() &&
         (last.is_bytes ? last.bytes.empty() : last.number == 0);
}

base::Status AppendObject(const Descriptor& type, base::ByteView binary, int depth,
                          base::Bytes* out) {
  if (depth == 0) return Malformed();
  ASSIGN_OR_RETURN(const std::vector<Occurrence> all, Occurrences(type, binary));
  out->push_back('{');
  bool first = true;
  for (size_t begin = 0; begin < all.size();) {
    const FieldDescriptor& field = *all[begin].field;
    size_t end = begin + 1;
    while (end < all.size() && all[end].field == &field) ++end;
    if (!IsZero(all[end - 1])) {
      if (!std::exchange(first, false)) out->push_back(',');
      out->push_back('"');
      out->append(field.name());
      out->append("\":");
      RETURN_IF_ERROR(field.is_repeated() ? AppendList(all, begin, end, depth, out)
                                          : AppendLast(all, begin, end, depth, out));
    }
    begin = end;
  }
  out->push_back('}');
  return {};
}

}  // namespace

base::Result<base::Bytes> ToJson(const Descriptor& type, base::ByteView binary) {
  base::Bytes json;
  json.reserve(64 + binary.size() * 3 / 2);
  RETURN_IF_ERROR(AppendObject(type, binary, kDepthMax, &json));
  return json;
}

}  // namespace gateway
