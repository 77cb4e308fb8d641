#include "k8s/yaml_input.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "k8s/json.h"
#include "k8s/plain_scalar.h"

namespace k8s {
namespace {

// How many values a text may be, for each of its bytes: without aliases it is one at most.
constexpr size_t kValuesOfByte = 10;
constexpr char kPlainTag[] = "?";

base::Status Invalid(const YAML::Mark& mark, std::string_view what) {
  std::string text = "yaml: ";
  if (!mark.is_null()) text += "line " + std::to_string(mark.line + 1) + ": ";
  return {base::Code::kInvalidArgument, text.append(what)};
}

// Why: of the escapes "\N" and "\_" yaml-cpp makes the one bytes 85 and A0, which are no UTF-8.
std::string Mended(std::string_view text) {
  std::string mended;
  while (!text.empty()) {
    const size_t size = base::Utf8Length(text);
    if (size == 0) mended += '\xC2';
    mended += text.substr(0, std::max<size_t>(size, 1));
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return mended;
}

class Conversion {
 public:
  explicit Conversion(size_t text_bytes) : values_max_(kValuesOfByte * text_bytes + 1) {}

  base::Result<Value> Convert(const YAML::Node& node, int depth) {
    if (depth > kDepthMax) return Invalid(node.Mark(), "too deep");
    if (++values_ > values_max_) return Invalid(node.Mark(), "too many values");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return Scalar(node);
      case YAML::NodeType::Sequence:
        return List(node, depth);
      case YAML::NodeType::Map:
        return Object(node, depth);
      default:
        return Value{};
    }
  }

 private:
  static Value Scalar(const YAML::Node& node) {
    if (node.Tag() == kPlainTag) return PlainScalar(node.Scalar());
    return Value{Mended(node.Scalar())};
  }

  base::Result<Value> List(const YAML::Node& node, int depth) {
    Value::List list;
    for (const YAML::Node& element : node) {
      ASSIGN_OR_RETURN(Value value, Convert(element, depth + 1));
      list.push_back(std::move(value));
    }
    return Value{std::move(list)};
  }

  base::Result<Value> Object(const YAML::Node& node, int depth) {
    Value::Object object;
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      if (!key.IsScalar() && !key.IsNull()) return Invalid(key.Mark(), "a key that is no scalar");
      if (key.IsScalar() && key.Tag() == kPlainTag && key.Scalar() == "<<") {
        return Invalid(key.Mark(), "merged keys are not supported");
      }
      ASSIGN_OR_RETURN(Value value, Convert(entry.second, depth + 1));
      object.push_back({key.IsNull() ? "null" : NameOf(Scalar(key)), std::move(value)});
    }
    const size_t count = object.size();
    KeepLastOfEachName(&object);
    if (object.size() != count) return Invalid(node.Mark(), "a key is there twice");
    return Value{std::move(object)};
  }

  // As sigs.k8s.io/yaml makes JSON's names of YAML's keys.
  static std::string NameOf(const Value& key) {
    const auto* const text = key.As<std::string>();
    return text == nullptr ? WriteJson(key) : *text;
  }

  const size_t values_max_;
  size_t values_ = 0;
};

// Where a document begins behind another one; nothing if there is one at most. Why by lines: the
// library, asked for all documents, never comes to an end of some texts that are none.
std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  bool has_content = false;
  YAML::Mark mark;
  for (const std::string& line : base::Split(text, '\n')) {
    const bool is_begin = line.starts_with("---");
    if (is_begin && has_content) return mark;
    const size_t first = line.find_first_not_of(" \t\r");
    const bool is_empty = first == line.npos || line[first] == '#' || line[0] == '%';
    has_content = has_content || is_begin || !is_empty;
    ++mark.line;
  }
  return std::nullopt;
}

}  // namespace

base::Result<Value> ParseYaml(const std::string& text) {
  if (!base::IsUtf8(text)) return Invalid(YAML::Mark::null_mark(), "not UTF-8");
  if (const auto second = SecondDocument(text)) return Invalid(*second, "a second document");
  try {
    return Conversion(text.size()).Convert(YAML::Load(text), 0);
  } catch (const YAML::Exception& error) {
    return Invalid(error.mark, error.msg);
  }
}

}  // namespace k8s
