#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace k8s {

struct Member;

// What JSON and YAML can say. Objects have the order in which they were written, and each name
// once.
struct Value {
  using List = std::vector<Value>;
  using Object = std::vector<Member>;

  // Null, unless it is told.
  std::variant<std::nullptr_t, bool, int64_t, uint64_t, double, std::string, List, Object> is;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&is);
  }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(is); }
};

struct Member {
  std::string name;
  Value value;
};

// Null if there is none of that name, or if it is no object.
const Value* Find(const Value& object, std::string_view name);
// A text of that name; empty if there is none.
std::string_view FindText(const Value& object, std::string_view name);

// Of members of one name the last one is left.
void KeepLastOfEachName(Value::Object* object);

// How deep lists and objects may lie in each other, in what is read.
inline constexpr int kDepthMax = 200;

}  // namespace k8s
