#include "k8s/value.h"

#include <algorithm>
#include <unordered_map>

namespace k8s {

const Value* Find(const Value& object, std::string_view name) {
  const auto* const members = object.As<Value::Object>();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(),
                                  [name](const Member& member) { return member.name == name; });
  return found == members->end() ? nullptr : &found->value;
}

std::string_view FindText(const Value& object, std::string_view name) {
  const Value* const value = Find(object, name);
  const auto* const text = value == nullptr ? nullptr : value->As<std::string>();
  return text == nullptr ? std::string_view() : *text;
}

void KeepLastOfEachName(Value::Object* object) {
  std::unordered_map<std::string_view, size_t> last;
  for (size_t i = 0; i < object->size(); ++i) last[(*object)[i].name] = i;
  if (last.size() == object->size()) return;
  Value::Object kept;
  for (size_t i = 0; i < object->size(); ++i) {
    if (last.at((*object)[i].name) == i) kept.push_back((*object)[i]);
  }
  *object = std::move(kept);
}

}  // namespace k8s
