#include "cli/flags.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/duration_text.h"
#include "base/float_text.h"
#include "base/go_text.h"
#include "cli/suggestion.h"

namespace cli {
namespace {

using base::Code;
using base::Status;
using Type = FlagSpec::Type;

Status Refused(std::string text) {
  return Status(Code::kInvalidArgument, text);
}

std::string Dashes(const FlagSpec& spec) {
  if (spec.shorthand == 0) return "--" + spec.name;
  return std::string("-") + spec.shorthand + ", --" + spec.name;
}

// The form in which a value of this type is kept.
base::Result<std::string> Normalize(Type type, const std::string& text) {
  switch (type) {
    case Type::kBool: {
      const base::Result<bool> value = base::ParseGoBool(text);
      if (!value.ok()) {
        return Refused("strconv.ParseBool: parsing " + base::Quote(text) + ": invalid syntax");
      }
      return std::string(*value ? "true" : "false");
    }
    case Type::kInt:
    case Type::kInt64: {
      const base::Result<int64_t> value = base::ParseGoInt(text);
      if (!value.ok()) {
        return Refused("strconv.ParseInt: parsing " + base::Quote(text) + ": " +
                       std::string(value.status().message()));
      }
      return std::to_string(*value);
    }
    case Type::kUint: {
      const base::Result<uint64_t> value = base::ParseGoUint(text);
      if (!value.ok()) {
        return Refused("strconv.ParseUint: parsing " + base::Quote(text) + ": " +
                       std::string(value.status().message()));
      }
      return std::to_string(*value);
    }
    case Type::kFloat: {
      const base::Result<double> value = base::ParseFloat(text);
      if (!value.ok()) {
        return Refused("strconv.ParseFloat: parsing " + base::Quote(text) + ": " +
                       std::string(value.status().message()));
      }
      return base::FormatFloat(*value);
    }
    case Type::kDuration: {
      ASSIGN_OR_RETURN(const std::chrono::nanoseconds value, base::ParseDuration(text));
      return base::FormatDuration(value);
    }
    case Type::kString:
    case Type::kStrings:
      break;
  }
  return text;
}

// What Go's functions return beside their error.
std::string Unreadable(Type type, const std::string& text) {
  if (type == Type::kBool) return "false";
  if (type == Type::kDuration) return "0s";
  const base::Result<int64_t> value = base::ParseGoInt(text);
  if (value.status().code() != Code::kOutOfRange) return "0";
  return std::to_string(text.starts_with('-') ? std::numeric_limits<int64_t>::min()
                                              : std::numeric_limits<int64_t>::max());
}

const char* TypeName(Type type) {
  switch (type) {
    case Type::kBool:
      return "";
    case Type::kString:
      return "string";
    case Type::kInt:
    case Type::kInt64:
      return "int";
    case Type::kUint:
      return "uint";
    case Type::kFloat:
      return "float";
    case Type::kDuration:
      return "duration";
    case Type::kStrings:
      break;
  }
  return "strings";
}

bool IsZero(const FlagSpec& spec) {
  return spec.default_value.empty() || spec.default_value == "0" || spec.default_value == "0s" ||
         spec.default_value == "false";
}

}  // namespace

void Flags::Add(const FlagSpec& spec) {
  Value value{spec, spec.default_value, {}, false, false};
  if (spec.type == Type::kStrings && !spec.default_value.empty()) {
    value.list = base::Split(spec.default_value, ',');
  }
  values_.emplace(spec.name, std::move(value));
}

Flags::Value* Flags::Find(std::string_view name) {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

Flags::Value* Flags::FindShorthand(char shorthand) {
  for (auto& [name, value] : values_) {
    if (value.spec.shorthand == shorthand) return &value;
  }
  return nullptr;
}

Status Flags::Assign(Value* value, const std::string& text) {
  base::Result<std::string> normal = Normalize(value->spec.type, text);
  if (!normal.ok()) return normal.status();
  if (value->spec.type == Type::kStrings) {
    if (!value->changed) value->list.clear();
    const std::vector<std::string> parts = base::Split(text, ',');
    if (!text.empty()) value->list.insert(value->list.end(), parts.begin(), parts.end());
  }
  value->text = std::move(normal).value();
  return {};
}

Status Flags::Set(Value* value, const std::string& text) {
  if (const Status status = Assign(value, text); !status.ok()) {
    return Refused("invalid argument " + base::Quote(text) + " for \"" + Dashes(value->spec) +
                   "\" flag: " + std::string(status.message()));
  }
  value->changed = true;
  value->given = true;
  return {};
}

Status Flags::ParseLong(const std::vector<std::string>& words, size_t* next) {
  const std::string& word = words[*next];
  const size_t equals = word.find('=');
  const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
  if (name.empty() || name[0] == '-') return Refused("bad flag syntax: " + word);
  Value* const value = Find(name);
  if (value == nullptr) {
    unknown_ = name;
    return Refused("unknown flag: --" + name);
  }
  if (equals != std::string::npos) return Set(value, word.substr(equals + 1));
  if (value->spec.type == Type::kBool) return Set(value, "true");
  if (*next + 1 >= words.size()) return Refused("flag needs an argument: --" + name);
  return Set(value, words[++*next]);
}

Status Flags::ParseShort(const std::vector<std::string>& words, size_t* next) {
  const std::string& word = words[*next];
  for (size_t i = 1; i < word.size(); ++i) {
    Value* const value = FindShorthand(word[i]);
    const std::string rest = word.substr(i + 1);
    if (value == nullptr) {
      return Refused(std::string("unknown shorthand flag: '") + word[i] + "' in -" +
                     word.substr(i));
    }
    if (rest.size() > 1 && rest[0] == '=') return Set(value, rest.substr(1));
    if (value->spec.type == Type::kBool) {
      RETURN_IF_ERROR(Set(value, "true"));
      continue;
    }
    if (!rest.empty()) return Set(value, rest);
    if (*next + 1 < words.size()) return Set(value, words[++*next]);
    return Refused(std::string("flag needs an argument: '") + word[i] + "' in -" + word.substr(i));
  }
  return {};
}

base::Result<std::vector<std::string>> Flags::Parse(const std::vector<std::string>& words) {
  std::vector<std::string> arguments;
  for (size_t next = 0; next < words.size(); ++next) {
    const std::string& word = words[next];
    if (word.size() < 2 || word[0] != '-') {
      arguments.push_back(word);
    } else if (word == "--") {
      arguments.insert(arguments.end(), words.begin() + static_cast<ptrdiff_t>(next) + 1,
                       words.end());
      break;
    } else if (word[1] == '-') {
      RETURN_IF_ERROR(ParseLong(words, &next));
    } else {
      RETURN_IF_ERROR(ParseShort(words, &next));
    }
  }
  return arguments;
}

std::string Flags::MeantFlags(const std::string& dashes) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : values_) names.push_back(name);
  return DidYouMean(unknown_, names, dashes);
}

std::string Flags::MeantWords() const {
  std::string text;
  for (const auto& [name, value] : values_) {
    if (value.text != value.spec.default_value) text += DidYouMean(value.text, value.spec.words);
  }
  return text;
}

Status Flags::SetFromEnvironment(const std::string& name, const std::string& value) {
  Value* const flag = Find(name);
  CHECK(flag != nullptr);
  RETURN_IF_ERROR(Assign(flag, value));
  flag->given = true;
  return {};
}

void Flags::SetUnreadable(const std::string& name, const std::string& value) {
  Value* const flag = Find(name);
  CHECK(flag != nullptr);
  flag->text = Unreadable(flag->spec.type, value);
}

bool Flags::TakesNextWord(std::string_view word) const {
  if (word.find('=') != std::string_view::npos) return false;
  const bool is_long = word.starts_with("--");
  if (!is_long && word.size() != 2) return false;
  for (const auto& [name, value] : values_) {
    const bool is_this = is_long ? word.substr(2) == name : word[1] == value.spec.shorthand;
    if (is_this) return value.spec.type != Type::kBool;
  }
  return true;
}

const Flags::Value& Flags::Get(const std::string& name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second;
}

bool Flags::changed(const std::string& name) const {
  return Get(name).changed;
}
bool Flags::IsGiven(const std::string& name) const {
  return Get(name).given;
}
bool Flags::GetBool(const std::string& name) const {
  return Get(name).text == "true";
}
int64_t Flags::GetInt(const std::string& name) const {
  return base::ParseGoInt(Get(name).text).value();
}
uint64_t Flags::GetUint(const std::string& name) const {
  return base::ParseGoUint(Get(name).text).value();
}
double Flags::GetFloat(const std::string& name) const {
  return base::ParseFloat(Get(name).text).value();
}
std::chrono::nanoseconds Flags::GetDuration(const std::string& name) const {
  return base::ParseDuration(Get(name).text).value();
}
const std::string& Flags::GetString(const std::string& name) const {
  return Get(name).text;
}
const std::vector<std::string>& Flags::GetStrings(const std::string& name) const {
  return Get(name).list;
}
std::string Flags::Text(const std::string& name) const {
  const Value& value = Get(name);
  return value.spec.type == Type::kStrings ? "[" + base::Join(value.list, ",") + "]" : value.text;
}

std::string FlagUsages(std::vector<FlagSpec> specs) {
  std::sort(specs.begin(), specs.end(),
            [](const FlagSpec& a, const FlagSpec& b) { return a.name < b.name; });
  std::vector<std::string> heads;
  size_t width = 0;
  for (const FlagSpec& spec : specs) {
    std::string head =
        spec.shorthand == 0 ? "      --" : std::string("  -") + spec.shorthand + ", --";
    head += spec.name;
    if (const std::string type = TypeName(spec.type); !type.empty()) head += " " + type;
    width = std::max(width, head.size());
    heads.push_back(std::move(head));
  }
  std::string out;
  for (size_t i = 0; i < specs.size(); ++i) {
    const FlagSpec& spec = specs[i];
    out += heads[i] + std::string(width - heads[i].size() + 3, ' ') + spec.usage;
    if (spec.type == Type::kString && !spec.default_value.empty()) {
      out += " (default " + base::Quote(spec.default_value) + ")";
    } else if (spec.type == Type::kStrings && !spec.default_value.empty()) {
      out += " (default [" + spec.default_value + "])";
    } else if (!IsZero(spec)) {
      out += " (default " + spec.default_value + ")";
    }
    out += "\n";
  }
  return out;
}

}  // namespace cli
