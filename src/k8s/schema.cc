#include "k8s/schema.h"

#include <charconv>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

// The text of types.inc, a line each:
//
//   kind API_VERSION KIND TYPE    what is stored under these two
//   type TYPE                     its fields follow, in the order of JSON
//   NUMBER NAME[?][~] SHAPE       '?': omitempty, '~': omitzero; NAME is "-" for what is inline,
//                                 "=" for the list that a wrapper has
//   0 typemeta                    has kind and apiVersion
//
//   SHAPE: KIND, "*" KIND, "[]" KIND or "{}" KIND
//   KIND: a word of kWords, or a TYPE

namespace k8s {
namespace {

constexpr std::string_view kText =
#include "k8s/types.inc"
    ;

using Kind = Field::Kind;
using Shape = Field::Shape;

constexpr std::pair<std::string_view, Kind> kWords[] = {{"string", Kind::kString},
                                                        {"bool", Kind::kBool},
                                                        {"int32", Kind::kInt32},
                                                        {"int64", Kind::kInt64},
                                                        {"bytes", Kind::kBytes},
                                                        {"time", Kind::kTime},
                                                        {"microtime", Kind::kMicroTime},
                                                        {"duration", Kind::kDuration},
                                                        {"quantity", Kind::kQuantity},
                                                        {"intorstring", Kind::kIntOrString},
                                                        {"json", Kind::kJson}};

// What the text up to the separator is; the text goes on behind it.
std::string_view Take(std::string_view* text, char separator) {
  const size_t end = text->find(separator);
  const std::string_view taken = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return taken;
}

bool TakeSuffix(std::string_view* text, char suffix) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(1);
  return true;
}

class Schema {
 public:
  Schema() {
    for (std::string_view text = kText; !text.empty();) ReadLine(Take(&text, '\n'));
  }

  const Type* Find(std::string_view api_version, std::string_view kind) const {
    const auto found = kinds_.find({api_version, kind});
    return found == kinds_.end() ? nullptr : found->second;
  }
  std::vector<KnownKind> Kinds() const {
    std::vector<KnownKind> kinds;
    for (const auto& [names, type] : kinds_) kinds.push_back({names.first, names.second});
    return kinds;
  }

 private:
  void ReadLine(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    const std::string_view first = Take(&line, ' ');
    if (first == "kind") {
      const std::string_view api_version = Take(&line, ' ');
      const std::string_view kind = Take(&line, ' ');
      kinds_[{api_version, kind}] = Named(line);
    } else if (first == "type") {
      current_ = Named(line);
    } else {
      ReadField(first, line);
    }
  }

  void ReadField(std::string_view number, std::string_view rest) {
    Field field;
    std::from_chars(number.data(), number.data() + number.size(), field.number);
    field.name = Take(&rest, ' ');
    field.omit_zero = TakeSuffix(&field.name, '~');
    field.omit_empty = TakeSuffix(&field.name, '?');
    field.is_inline = field.name == "-";
    if (field.number == 0) {
      field.kind = Kind::kTypeMeta;
    } else {
      ReadShape(rest, &field);
    }
    current_->is_wrapper = field.name == "=";
    current_->fields.push_back(field);
  }

  void ReadShape(std::string_view text, Field* field) {
    constexpr std::pair<std::string_view, Shape> kPrefixes[] = {
        {"*", Shape::kPointer}, {"[]", Shape::kList}, {"{}", Shape::kMap}};
    for (const auto& [prefix, shape] : kPrefixes) {
      if (!text.starts_with(prefix)) continue;
      field->shape = shape;
      text.remove_prefix(prefix.size());
    }
    for (const auto& [word, kind] : kWords) {
      if (word != text) continue;
      field->kind = kind;
      return;
    }
    field->kind = Kind::kMessage;
    field->type = Named(text);
  }

  Type* Named(std::string_view name) {
    const auto [at, is_new] = by_name_.try_emplace(name, nullptr);
    if (is_new) {
      at->second = &types_.emplace_back();
      at->second->name = name;
    }
    return at->second;
  }

  std::deque<Type> types_;
  std::unordered_map<std::string_view, Type*> by_name_;
  std::map<std::pair<std::string_view, std::string_view>, const Type*> kinds_;
  Type* current_ = nullptr;
};

// Read when it is asked for first.
const Schema& TheSchema() {
  static const Schema schema;
  return schema;
}

}  // namespace

const Type* FindKind(std::string_view api_version, std::string_view kind) {
  return TheSchema().Find(api_version, kind);
}

std::vector<KnownKind> KnownKinds() {
  return TheSchema().Kinds();
}

}  // namespace k8s
