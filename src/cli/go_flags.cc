#include "cli/go_flags.h"

#include <algorithm>

#include "base/go_text.h"

namespace cli {
namespace {

using Type = FlagSpec::Type;

constexpr const char* kContinued = "\n    \t";

base::Status Refused(std::string text) {
  return base::Status(base::Code::kInvalidArgument, std::move(text));
}

std::string WithLinesIndented(const std::string& text) {
  return base::Join(base::Split(text, '\n'), kContinued);
}

const char* TypeName(Type type) {
  return type == Type::kBool ? "" : type == Type::kUint ? " uint" : " string";
}

// What package flag says of a value that cannot be read.
std::string WhyUnreadable(Type type, const std::string& text) {
  const bool is_beyond =
      (type == Type::kUint && base::ParseGoUint(text).status().code() == base::Code::kOutOfRange) ||
      (type == Type::kInt && base::ParseGoInt(text).status().code() == base::Code::kOutOfRange);
  return is_beyond ? "value out of range" : "parse error";
}

}  // namespace

base::Result<std::vector<std::string>> Flags::ParseAsGo(const std::vector<std::string>& words) {
  size_t next = 0;
  for (; next < words.size(); ++next) {
    const std::string& word = words[next];
    if (word.size() < 2 || word[0] != '-') break;
    if (word == "--") {
      ++next;
      break;
    }
    RETURN_IF_ERROR(ParseGoFlag(words, &next));
  }
  return std::vector<std::string>(words.begin() + static_cast<ptrdiff_t>(next), words.end());
}

base::Status Flags::ParseGoFlag(const std::vector<std::string>& words, size_t* next) {
  const std::string& word = words[*next];
  const std::string body = word.substr(word[1] == '-' ? 2 : 1);
  if (body.empty() || body[0] == '-' || body[0] == '=') return Refused("bad flag syntax: " + word);
  const size_t equals = body.find('=');
  const std::string name = body.substr(0, equals);
  Value* const flag = Find(name);
  if (flag == nullptr) {
    unknown_ = name;
    return Refused("flag provided but not defined: -" + name);
  }
  const Type type = flag->spec.type;
  std::string text = "true";
  if (equals != std::string::npos) {
    text = body.substr(equals + 1);
  } else if (type != Type::kBool) {
    if (*next + 1 >= words.size()) return Refused("flag needs an argument: -" + name);
    text = words[++*next];
  }
  flag->changed = true;
  if (type == Type::kStrings) {
    flag->list.push_back(text);
    return {};
  }
  if (Assign(flag, text).ok()) return {};
  return Refused((type == Type::kBool ? "invalid boolean value " + base::Quote(text) + " for -"
                                      : "invalid value " + base::Quote(text) + " for flag -") +
                 name + ": " + WhyUnreadable(type, text));
}

std::string GoFlagUsages(std::vector<FlagSpec> specs) {
  std::sort(specs.begin(), specs.end(),
            [](const FlagSpec& a, const FlagSpec& b) { return a.name < b.name; });
  std::string out;
  for (const FlagSpec& spec : specs) {
    out += "  -" + spec.name + TypeName(spec.type) + kContinued + WithLinesIndented(spec.usage);
    const std::string& value = spec.default_value;
    if (spec.type == Type::kString && !value.empty()) {
      out += " (default " + base::Quote(value) + ")";
    } else if (!value.empty() && value != "0" && value != "false") {
      out += " (default " + value + ")";
    }
    out += "\n";
  }
  return out;
}

}  // namespace cli
