#include "k8s/to_storage.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/wire.h"
#include "k8s/special_values.h"

// As the code that Kubernetes has for its types writes messages: fields in the order of their
// numbers; what is no pointer, list or map is written though it is empty.

namespace k8s {
namespace {

using Kind = Field::Kind;
using Shape = Field::Shape;

const Value kNull;

base::Status At(const std::string& path, std::string_view why) {
  return {base::Code::kInvalidArgument,
          (path.empty() ? "the object" : path) + ": " + std::string(why)};
}

std::string Below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

base::Result<uint64_t> Number(Kind kind, const Value& value, const std::string& path) {
  if (value.is_null()) return uint64_t{0};
  if (kind == Kind::kBool) {
    const auto* const is = value.As<bool>();
    if (is == nullptr) return At(path, "expected true or false");
    return uint64_t{*is};
  }
  const auto* const number = value.As<int64_t>();
  const bool fits =
      number != nullptr && (kind == Kind::kInt64 || (*number >= INT32_MIN && *number <= INT32_MAX));
  if (!fits) return At(path, "expected a whole number that fits");
  return static_cast<uint64_t>(*number);
}

bool IsVarint(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInt32 || kind == Kind::kInt64;
}

// Adds the names that an object of the type may have.
void AddNames(const Type& type, std::vector<std::string_view>* names) {
  for (const Field& field : type.fields) {
    if (field.kind == Kind::kTypeMeta) {
      names->insert(names->end(), {"kind", "apiVersion"});
    } else if (field.is_inline) {
      AddNames(*field.type, names);
    } else {
      names->push_back(field.name);
    }
  }
}

base::Result<base::Bytes> Message(const Type& type, const Value& value, const std::string& path);

// A text, bytes or a message, without its tag.
base::Result<base::Bytes> One(const Field& field, const Value& value, const std::string& path) {
  if (field.kind == Kind::kMessage) return Message(*field.type, value, path);
  if (field.kind != Kind::kString && field.kind != Kind::kBytes) {
    auto bytes = SpecialToStorage(field.kind, value);
    if (!bytes.ok()) return At(path, bytes.status().message());
    return bytes;
  }
  if (value.is_null()) return base::Bytes();
  const auto* const text = value.As<std::string>();
  if (text == nullptr) return At(path, "expected a text");
  if (field.kind == Kind::kString) return base::Bytes(*text);
  auto bytes = base::Base64Decode(*text, base::Base64::kPadded);
  if (!bytes.has_value()) return At(path, "expected base64");
  return *std::move(bytes);
}

base::Status AddOne(const Field& field, const Value& value, const std::string& path,
                    uint32_t number, base::WireWriter* out) {
  if (IsVarint(field.kind)) {
    ASSIGN_OR_RETURN(const uint64_t wire, Number(field.kind, value, path));
    out->Varint(number, wire);
    return {};
  }
  if (field.kind == Kind::kBytes && value.is_null()) return {};
  ASSIGN_OR_RETURN(const base::Bytes bytes, One(field, value, path));
  out->Bytes(number, bytes);
  return {};
}

base::Status AddList(const Field& field, const Value& value, const std::string& path,
                     base::WireWriter* out) {
  if (value.is_null()) return {};
  const auto* const list = value.As<Value::List>();
  if (list == nullptr) return At(path, "expected a list");
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string place = path + "[" + std::to_string(i) + "]";
    RETURN_IF_ERROR(AddOne(field, (*list)[i], place, field.number, out));
  }
  return {};
}

base::Status AddMap(const Field& field, const Value& value, const std::string& path,
                    base::WireWriter* out) {
  if (value.is_null()) return {};
  const auto* const object = value.As<Value::Object>();
  if (object == nullptr) return At(path, "expected an object");
  std::vector<const Member*> members;
  for (const Member& member : *object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Member* a, const Member* b) { return a->name < b->name; });
  for (const Member* member : members) {
    base::Bytes entry;
    base::WireWriter writer(&entry);
    writer.Bytes(MapEntry::kKey, member->name);
    RETURN_IF_ERROR(
        AddOne(field, member->value, Below(path, member->name), MapEntry::kValue, &writer));
    out->Bytes(field.number, entry);
  }
  return {};
}

base::Status AddField(const Field& field, const Value& object, const std::string& path,
                      base::WireWriter* out) {
  if (field.is_inline) {
    ASSIGN_OR_RETURN(const base::Bytes bytes, Message(*field.type, object, path));
    out->Bytes(field.number, bytes);
    return {};
  }
  const Value* const found = Find(object, field.name);
  const Value& value = found == nullptr ? kNull : *found;
  const std::string below = Below(path, field.name);
  switch (field.shape) {
    case Shape::kList:
      return AddList(field, value, below, out);
    case Shape::kMap:
      return AddMap(field, value, below, out);
    case Shape::kPointer:
      if (value.is_null()) return {};
      break;
    case Shape::kOne:
      break;
  }
  return AddOne(field, value, below, field.number, out);
}

// Of an inline message `value` is the object that its fields stand in.
base::Result<base::Bytes> Message(const Type& type, const Value& value, const std::string& path) {
  base::Bytes bytes;
  base::WireWriter out(&bytes);
  if (type.is_wrapper) {
    RETURN_IF_ERROR(AddList(type.fields.front(), value, path, &out));
    return bytes;
  }
  if (!value.is_null() && value.As<Value::Object>() == nullptr) {
    return At(path, "expected an object");
  }
  std::vector<const Field*> fields;
  for (const Field& field : type.fields) {
    if (field.kind != Kind::kTypeMeta) fields.push_back(&field);
  }
  std::sort(fields.begin(), fields.end(),
            [](const Field* a, const Field* b) { return a->number < b->number; });
  for (const Field* field : fields) RETURN_IF_ERROR(AddField(*field, value, path, &out));
  return bytes;
}

// That every name has a field, at each depth.
base::Status CheckNames(const Type& type, const Value& value, const std::string& path);

base::Status CheckNamesOfField(const Field& field, const Value& value, const std::string& path) {
  if (field.kind != Kind::kMessage || field.type->is_wrapper) return {};
  if (field.shape == Shape::kList) {
    const auto* const list = value.As<Value::List>();
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      RETURN_IF_ERROR(CheckNames(*field.type, (*list)[i], path + "[" + std::to_string(i) + "]"));
    }
    return {};
  }
  if (field.shape != Shape::kMap) return CheckNames(*field.type, value, path);
  const auto* const object = value.As<Value::Object>();
  for (size_t i = 0; object != nullptr && i < object->size(); ++i) {
    const Member& member = (*object)[i];
    RETURN_IF_ERROR(CheckNames(*field.type, member.value, Below(path, member.name)));
  }
  return {};
}

base::Status CheckFields(const Type& type, const Value& value, const std::string& path) {
  for (const Field& field : type.fields) {
    if (field.kind == Kind::kTypeMeta) continue;
    if (field.is_inline) {
      RETURN_IF_ERROR(CheckFields(*field.type, value, path));
      continue;
    }
    const Value* const found = Find(value, field.name);
    if (found == nullptr) continue;
    RETURN_IF_ERROR(CheckNamesOfField(field, *found, Below(path, field.name)));
  }
  return {};
}

base::Status CheckNames(const Type& type, const Value& value, const std::string& path) {
  const auto* const object = value.As<Value::Object>();
  if (object == nullptr) return {};
  std::vector<std::string_view> names;
  AddNames(type, &names);
  for (const Member& member : *object) {
    if (std::find(names.begin(), names.end(), member.name) != names.end()) continue;
    return At(Below(path, member.name), "there is no such field");
  }
  return CheckFields(type, value, path);
}

}  // namespace

base::Result<base::Bytes> ToStorage(const Type& type, const Value& object) {
  RETURN_IF_ERROR(CheckNames(type, object, ""));
  return Message(type, object, "");
}

}  // namespace k8s
