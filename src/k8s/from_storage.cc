#include "k8s/from_storage.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/wire.h"
#include "k8s/special_values.h"

namespace k8s {
namespace {

using Kind = Field::Kind;
using Shape = Field::Shape;

base::Status Damaged(std::string_view type, std::string_view field, std::string_view why) {
  return {base::Code::kInvalidArgument,
          std::string(type) + "." + std::string(field) + ": " + std::string(why)};
}

bool IsVarint(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInt32 || kind == Kind::kInt64;
}

Value Number(Kind kind, uint64_t wire) {
  if (kind == Kind::kBool) return Value{wire != 0};
  if (kind == Kind::kInt32) return Value{int64_t{static_cast<int32_t>(wire)}};
  return Value{static_cast<int64_t>(wire)};
}

// What was found of one field. A message that stands there several times is its parts together.
struct Found {
  std::vector<uint64_t> numbers = {};
  std::vector<base::ByteView> bytes = {};

  bool empty() const { return numbers.empty() && bytes.empty(); }
};

bool IsEmpty(const Value& value) {
  struct {
    bool operator()(std::nullptr_t) const { return true; }
    bool operator()(bool is) const { return !is; }
    bool operator()(int64_t number) const { return number == 0; }
    bool operator()(uint64_t) const { return false; }
    bool operator()(double) const { return false; }
    bool operator()(const std::string& text) const { return text.empty(); }
    bool operator()(const Value::List& list) const { return list.empty(); }
    bool operator()(const Value::Object& object) const { return object.empty(); }
  } is_empty;
  return std::visit(is_empty, value.is);
}

class Reading {
 public:
  bool left_out() const { return left_out_; }

  // Adds the members of a message's object. `header`: those that its TypeMeta has, or null.
  base::Status Add(const Type& type, base::ByteView bytes, const Value::Object* header,
                   Value::Object* object) {
    if (++depth_ > kDepthMax) return Damaged(type.name, "", "too deep");
    std::map<uint32_t, Found> found;
    RETURN_IF_ERROR(Collect(type, bytes, &found));
    for (const Field& field : type.fields) {
      if (field.kind == Kind::kTypeMeta) {
        if (header != nullptr) object->insert(object->end(), header->begin(), header->end());
        continue;
      }
      const Found& of_field = found[field.number];
      if (field.is_inline) {
        RETURN_IF_ERROR(Add(*field.type, Joined(of_field), nullptr, object));
        continue;
      }
      auto value = ValueOf(type, field, of_field);
      if (!value.ok()) return value.status();
      if (!IsLeftOut(field, of_field, *value)) {
        object->push_back({std::string(field.name), *std::move(value)});
      }
    }
    --depth_;
    return {};
  }

 private:
  base::Status Collect(const Type& type, base::ByteView bytes, std::map<uint32_t, Found>* found) {
    base::WireReader reader(bytes);
    while (reader.Next()) {
      const auto field = std::find_if(
          type.fields.begin(), type.fields.end(),
          [&](const Field& one) { return one.number == reader.field() && one.number != 0; });
      if (field == type.fields.end()) {
        left_out_ = true;
        continue;
      }
      Found& of_field = (*found)[field->number];
      const bool is_packed = IsVarint(field->kind) && field->shape == Shape::kList &&
                             reader.type() == base::WireType::kBytes;
      if (is_packed) {
        for (base::ByteView packed = reader.bytes(); !packed.empty();) {
          uint64_t number = 0;
          if (!base::ConsumeVarint(&packed, &number)) {
            return Damaged(type.name, field->name, "damaged");
          }
          of_field.numbers.push_back(number);
        }
      } else if (IsVarint(field->kind) && field->shape != Shape::kMap) {
        of_field.numbers.push_back(reader.varint());
      } else {
        of_field.bytes.push_back(reader.bytes());
      }
      if (!reader.ok()) return Damaged(type.name, field->name, "of another type");
    }
    return reader.ok() ? base::Status() : Damaged(type.name, "", "damaged");
  }

  // The views are valid until the end of the reading.
  base::ByteView Joined(const Found& found) {
    if (found.bytes.empty()) return {};
    if (found.bytes.size() == 1) return found.bytes.front();
    std::string& joined = joined_.emplace_back();
    for (const base::ByteView part : found.bytes) joined += part;
    return joined;
  }

  base::Result<Value> ValueOf(const Type& type, const Field& field, const Found& found) {
    switch (field.shape) {
      case Shape::kList:
        return ListOf(type, field, found);
      case Shape::kMap:
        return MapOf(type, field, found);
      case Shape::kPointer:
        if (found.empty()) return Value{};
        break;
      case Shape::kOne:
        break;
    }
    if (IsVarint(field.kind)) {
      return Number(field.kind, found.numbers.empty() ? 0 : found.numbers.back());
    }
    const bool is_message = field.kind != Kind::kString && field.kind != Kind::kBytes;
    if (is_message) return One(type, field, Joined(found));
    if (found.bytes.empty() && field.kind == Kind::kBytes) return Value{};
    return One(type, field, found.bytes.empty() ? base::ByteView() : found.bytes.back());
  }

  // A text, bytes or a message.
  base::Result<Value> One(const Type& type, const Field& field, base::ByteView bytes) {
    if (field.kind == Kind::kString) return Value{std::string(bytes)};
    if (field.kind == Kind::kBytes) {
      return Value{base::Base64Encode(bytes, base::Base64::kPadded)};
    }
    if (field.kind != Kind::kMessage) {
      auto value = SpecialFromStorage(field.kind, bytes);
      if (!value.ok()) return Damaged(type.name, field.name, value.status().message());
      return value;
    }
    Value::Object object;
    RETURN_IF_ERROR(Add(*field.type, bytes, nullptr, &object));
    if (!field.type->is_wrapper) return Value{std::move(object)};
    return object.front().value.is_null() ? Value{Value::List()} : std::move(object.front().value);
  }

  base::Result<Value> ListOf(const Type& type, const Field& field, const Found& found) {
    if (found.empty()) return Value{};
    Value::List list;
    for (const uint64_t number : found.numbers) list.push_back(Number(field.kind, number));
    for (const base::ByteView bytes : found.bytes) {
      ASSIGN_OR_RETURN(Value value, One(type, field, bytes));
      list.push_back(std::move(value));
    }
    return Value{std::move(list)};
  }

  // In the order of keys, as Go writes it.
  base::Result<Value> MapOf(const Type& type, const Field& field, const Found& found) {
    if (found.empty()) return Value{};
    std::map<std::string, Value> entries;
    for (const base::ByteView bytes : found.bytes) {
      base::WireReader reader(bytes);
      std::string key;
      base::ByteView value;
      uint64_t number = 0;
      while (reader.Next()) {
        if (reader.field() == MapEntry::kKey) key = reader.bytes();
        if (reader.field() != MapEntry::kValue) continue;
        if (IsVarint(field.kind)) {
          number = reader.varint();
        } else {
          value = reader.bytes();
        }
      }
      if (!reader.ok()) return Damaged(type.name, field.name, "damaged");
      Value& entry = entries[key];
      if (IsVarint(field.kind)) {
        entry = Number(field.kind, number);
      } else {
        ASSIGN_OR_RETURN(entry, One(type, field, value));
      }
    }
    Value::Object object;
    for (auto& [key, value] : entries) object.push_back({key, std::move(value)});
    return Value{std::move(object)};
  }

  // By Go's rules: omitempty knows no empty message, and a pointer is empty if it is none.
  static bool IsLeftOut(const Field& field, const Found& found, const Value& value) {
    if (field.omit_zero && field.shape == Shape::kOne && IsEmpty(value)) return true;
    if (!field.omit_empty) return false;
    if (field.shape == Shape::kPointer) return found.empty();
    if (field.shape != Shape::kOne) return IsEmpty(value);
    const bool is_list = field.kind == Kind::kMessage && field.type->is_wrapper;
    const bool is_scalar =
        IsVarint(field.kind) || field.kind == Kind::kString || field.kind == Kind::kBytes;
    return (is_scalar || is_list) && IsEmpty(value);
  }

  bool left_out_ = false;
  int depth_ = 0;
  std::deque<std::string> joined_;
};

}  // namespace

base::Result<Read> FromStorage(const Type& type, std::string_view api_version,
                               std::string_view kind, base::ByteView bytes) {
  const Value::Object header = {{"kind", Value{std::string(kind)}},
                                {"apiVersion", Value{std::string(api_version)}}};
  Reading reading;
  Value::Object object;
  RETURN_IF_ERROR(reading.Add(type, bytes, &header, &object));
  return Read{Value{std::move(object)}, reading.left_out()};
}

}  // namespace k8s
