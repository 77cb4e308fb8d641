#include "config/config_file.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/go_text.h"
#include "config/flag_table.h"
#include "config/flag_value.h"

namespace config {
namespace {

using base::Status;

Status Invalid(std::string text) {
  return Status(base::Code::kInvalidArgument, std::move(text));
}

// "key" without quotes around it: numbers and booleans must be written so.
bool IsPlain(const YAML::Node& node) {
  return node.IsScalar() && node.Tag() != "!";
}

// One of YAML's words for true and false, which are more than Go's: yes, n, On.
bool IsBoolean(const YAML::Node& node) {
  constexpr const char* kUntagged = "?";
  bool value = false;
  return node.IsScalar() && node.Tag() == kUntagged && YAML::convert<bool>::decode(node, value);
}

// The digits of a number with a fraction or an exponent that is whole all the same, as 8e9 and
// 100.0 are; etcd takes these for integers.
std::optional<std::string> WholeNumber(const std::string& text) {
  if (text.find_first_not_of("0123456789.eE+-") != std::string::npos) return std::nullopt;
  const char* begin = text.data();
  if (*begin == '+') ++begin;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  constexpr double kPlainMax = 1e21;  // from there on Go writes an exponent
  const bool is_whole = std::trunc(value) == value && std::abs(value) < kPlainMax;
  if (error != std::errc() || stop != end || !is_whole) return std::nullopt;
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.0f", value);
  return digits;
}

// How the value in a file is turned into the text that the flag reads.
struct TextOf {
  const YAML::Node& node;

  static Status Expected(std::string_view what) { return Invalid("expected " + std::string(what)); }

  base::Result<std::string> Scalar() const {
    if (!node.IsScalar() || IsBoolean(node)) return Expected("a text");
    return node.Scalar();
  }
  base::Result<std::string> Integer() const {
    if (!IsPlain(node)) return Expected("an integer");
    const std::string& text = node.Scalar();
    if (base::ParseGoInt(text).ok() || base::ParseGoUint(text).ok()) return text;
    return WholeNumber(text).value_or(text);
  }

  base::Result<std::string> operator()(Reference<bool>) const {
    bool value = false;
    if (!IsPlain(node) || !YAML::convert<bool>::decode(node, value)) {
      return Expected("true or false");
    }
    return std::string(value ? "true" : "false");
  }
  base::Result<std::string> operator()(Reference<Duration>) const {
    const base::Result<std::string> count = Integer();
    if (!count.ok() || !base::ParseGoInt(*count).ok()) {
      return Expected("a whole number of nanoseconds");
    }
    return *count + "ns";
  }
  base::Result<std::string> operator()(Reference<uint64_t>) const { return Integer(); }
  base::Result<std::string> operator()(Reference<uint32_t>) const { return Integer(); }
  base::Result<std::string> operator()(Reference<int64_t>) const { return Integer(); }
  base::Result<std::string> operator()(Reference<std::chrono::milliseconds>) const {
    return Integer();
  }
  base::Result<std::string> operator()(Reference<std::chrono::seconds>) const { return Integer(); }
  // Any other is the text of the scalar, whatever it looks like.
  template <typename T>
  base::Result<std::string> operator()(T) const {
    return Scalar();
  }
};

// A list in a file is a sequence, so that its elements may hold commas.
base::Result<std::vector<std::string>> ListOf(const YAML::Node& node) {
  if (!node.IsSequence()) return Invalid("expected a list");
  std::vector<std::string> list;
  for (const YAML::Node& element : node) {
    if (!element.IsScalar() || IsBoolean(element)) return Invalid("expected a list of texts");
    list.push_back(element.Scalar());
  }
  return list;
}

// What a flag is given, not yet read: a text, or the elements of a list.
using Given = std::variant<std::string, std::vector<std::string>>;

base::Result<Given> GivenBy(const YAML::Node& node, const Flag& flag) {
  if (std::holds_alternative<Reference<std::vector<std::string>>>(flag.target)) {
    ASSIGN_OR_RETURN(std::vector<std::string> list, ListOf(node));
    return Given(std::move(list));
  }
  ASSIGN_OR_RETURN(std::string text, std::visit(TextOf{node}, flag.target));
  return Given(std::move(text));
}

// The entries of a section, each key once, with its last value. Sorted by the bytes of their keys:
// in this order they count, and not in that of the text.
std::map<std::string, YAML::Node> EntriesOf(const YAML::Node& section) {
  std::map<std::string, YAML::Node> entries;
  for (const auto& entry : section) {
    if (!entry.first.IsScalar()) continue;
    // Not assigned to: that would change the node that is there already.
    entries.erase(entry.first.Scalar());
    entries.emplace(entry.first.Scalar(), entry.second);
  }
  return entries;
}

// Values are read when the whole file is known, so that one which does not count is none.
class FileReading {
 public:
  // `prefix` is the section with its dot, or empty.
  Status ReadSection(const YAML::Node& section, const std::string& prefix) {
    for (const auto& [key, value] : EntriesOf(section)) {
      RETURN_IF_ERROR(ReadKey(prefix + key, value));
    }
    return Status();
  }

  base::Result<FileConfig> Finish() && {
    FileConfig file;
    for (const auto& [flag, named] : named_) {
      file.given.insert(flag->name);
      if (const Status set = SetValue(*flag, named.value, file.config); !set.ok()) {
        return At(named.key, set);
      }
    }
    return file;
  }

 private:
  struct Named {
    std::string key;  // as it is written in the file, with its sections
    Given value;
  };

  static Status At(const std::string& key, const Status& status) {
    return Invalid(key + ": " + std::string(status.message()));
  }

  Status ReadKey(const std::string& key, const YAML::Node& value) {
    if (value.IsNull()) return Status();
    if (IsYamlSection(key)) {
      if (!value.IsMap()) return Invalid("invalid " + key);
      return ReadSection(value, key + ".");
    }
    const Flag* const flag = FindFlagByYamlKey(key);
    if (flag == nullptr) return Status();
    base::Result<Given> given = GivenBy(value, *flag);
    if (!given.ok()) return At(key, given.status());
    named_.insert_or_assign(flag, Named{key, *std::move(given)});
    return Status();
  }

  static Status SetValue(const Flag& flag, const Given& value, ServerConfig& config) {
    // Compat: choices are checked on the command line alone.
    if (!flag.choices.empty()) return Status();
    if (const auto* const list = std::get_if<Reference<std::vector<std::string>>>(&flag.target)) {
      (*list)(config) = std::get<std::vector<std::string>>(value);
      return Status();
    }
    const std::string& text = std::get<std::string>(value);
    if (text.empty() && !std::holds_alternative<Reference<std::string>>(flag.target)) {
      return Status();
    }
    return SetFlag(flag, text, config);
  }

  std::map<const Flag*, Named> named_;
};

}  // namespace

base::Result<FileConfig> ParseConfigFile(std::string_view path, std::string_view text) {
  const auto named = [&](std::string_view reason) {
    return Invalid(std::string(path) + ": " + std::string(reason));
  };
  YAML::Node root;
  try {
    root = YAML::Load(std::string(text));
    FileReading reading;
    if (!root.IsNull() && !root.IsMap()) return named("expected keys and values");
    if (const Status read = reading.ReadSection(root, ""); !read.ok()) return named(read.message());
    base::Result<FileConfig> file = std::move(reading).Finish();
    if (!file.ok()) return named(file.status().message());
    file->config.config_file = path;
    return file;
  } catch (const YAML::Exception& error) {
    return named(error.what());
  }
}

}  // namespace config
