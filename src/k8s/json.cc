#include "k8s/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/json_string.h"

namespace k8s {
namespace {

using Json = nlohmann::json;

// Builds a Value of what the parser finds. A false return ends the parsing.
class Builder {
 public:
  explicit Builder(Value* root) : open_{root} {}

  // NOLINTBEGIN(readability-identifier-naming): nlohmann's names.
  bool null() { return Add(Value{}); }
  bool boolean(bool value) { return Add(Value{value}); }
  bool number_integer(int64_t value) { return Add(Value{value}); }
  bool number_unsigned(uint64_t value) {
    if (value <= INT64_MAX) return Add(Value{static_cast<int64_t>(value)});
    return Add(Value{value});
  }
  bool number_float(double value, const std::string&) { return Add(Value{value}); }
  bool string(std::string& value) { return Add(Value{std::move(value)}); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { return Open(Value{Value::Object()}); }
  bool key(std::string& name) {
    std::get<Value::Object>(open_.back()->is).push_back({std::move(name), {}});
    return true;
  }
  bool end_object() {
    KeepLastOfEachName(&std::get<Value::Object>(open_.back()->is));
    open_.pop_back();
    return true;
  }
  bool start_array(size_t) { return Open(Value{Value::List()}); }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t, const std::string&, const Json::exception&) { return false; }
  // NOLINTEND(readability-identifier-naming)

 private:
  // Where the next value belongs. The root is taken once.
  Value* Place() {
    Value* const open = open_.back();
    if (auto* const list = std::get_if<Value::List>(&open->is)) return &list->emplace_back();
    if (auto* const object = std::get_if<Value::Object>(&open->is)) return &object->back().value;
    return open;
  }
  bool Add(Value value) {
    *Place() = std::move(value);
    return true;
  }
  bool Open(Value value) {
    if (open_.size() > kDepthMax) return false;
    const bool is_root = open_.back()->is_null();
    Value* const place = Place();
    *place = std::move(value);
    if (!is_root) open_.push_back(place);
    return true;
  }

  std::vector<Value*> open_;  // the root first; those below do not move while they are open
};

std::string FloatText(double value) {
  char text[32];
  // As encoding/json: no exponent from 1e-6 up to 1e21.
  const double size = std::abs(value);
  const bool is_plain = size == 0 || (size >= 1e-6 && size < 1e21);
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  std::string written(text, std::to_chars(text, text + sizeof text, value, format).ptr);
  const size_t zero = written.find("e-0");
  if (zero != std::string::npos) written.erase(zero + 2, 1);
  return written;
}

class Writer {
 public:
  void operator()(std::nullptr_t) { text += "null"; }
  void operator()(bool value) { text += value ? "true" : "false"; }
  void operator()(int64_t value) { text += std::to_string(value); }
  void operator()(uint64_t value) { text += std::to_string(value); }
  void operator()(double value) { text += FloatText(value); }
  void operator()(const std::string& value) { text += base::JsonString(value); }
  void operator()(const Value::List& list) {
    text += '[';
    for (const Value& value : list) {
      if (&value != &list.front()) text += ',';
      std::visit(*this, value.is);
    }
    text += ']';
  }
  void operator()(const Value::Object& object) {
    text += '{';
    for (const Member& member : object) {
      if (&member != &object.front()) text += ',';
      text += base::JsonString(member.name) + ':';
      std::visit(*this, member.value.is);
    }
    text += '}';
  }

  std::string text;
};

}  // namespace

base::Result<Value> ParseJson(std::string_view text) {
  Value root;
  Builder builder(&root);
  if (Json::sax_parse(text, &builder)) return root;
  return base::Status(base::Code::kInvalidArgument, "not JSON, or too deep");
}

std::string WriteJson(const Value& value) {
  Writer writer;
  std::visit(writer, value.is);
  return std::move(writer.text);
}

void SortNames(Value* value) {
  if (auto* const list = std::get_if<Value::List>(&value->is)) {
    for (Value& element : *list) SortNames(&element);
  } else if (auto* const object = std::get_if<Value::Object>(&value->is)) {
    std::sort(object->begin(), object->end(),
              [](const Member& a, const Member& b) { return a.name < b.name; });
    for (Member& member : *object) SortNames(&member.value);
  }
}

}  // namespace k8s
