#include "config/config_file.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <cstdio>
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
    if (!node.IsScalar()) return Expected("a text");
    return node.Scalar();
  }
  base::Result<std::string> Integer() const {
    if (!IsPlain(node)) return Expected("an integer");
    return base::ParseGoInt(node.Scalar()).ok()
               ? node.Scalar()
               : WholeNumber(node.Scalar()).value_or(node.Scalar());
  }

  // YAML's booleans are more than Go's: yes, no, on, off.
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
Status SetList(const YAML::Node& node, std::vector<std::string>& list) {
  if (!node.IsSequence()) return Invalid("expected a list");
  list.clear();
  for (const YAML::Node& element : node) {
    if (!element.IsScalar()) return Invalid("expected a list of texts");
    list.push_back(element.Scalar());
  }
  return Status();
}

class FileReading {
 public:
  // `prefix` is the section with its dot, or empty. Of a key that is there twice the last counts.
  Status ReadSection(const YAML::Node& section, const std::string& prefix) {
    for (const auto& entry : section) {
      if (!entry.first.IsScalar()) continue;
      RETURN_IF_ERROR(ReadKey(prefix + entry.first.Scalar(), entry.second));
    }
    return Status();
  }

  FileConfig&& Take() && { return std::move(file_); }

 private:
  Status ReadKey(const std::string& path, const YAML::Node& value) {
    if (value.IsNull()) return Status();
    if (IsYamlSection(path)) {
      if (!value.IsMap()) return Invalid("invalid " + path);
      return ReadSection(value, path + ".");
    }
    const Flag* const flag = FindFlagByYamlKey(path);
    if (flag == nullptr) return Status();
    file_.given.insert(flag->name);
    if (const Status set = SetValue(*flag, value); !set.ok()) {
      return Invalid(path + ": " + std::string(set.message()));
    }
    return Status();
  }

  Status SetValue(const Flag& flag, const YAML::Node& value) {
    // Compat: choices are checked on the command line alone.
    if (!flag.choices.empty()) return Status();
    if (const auto* const list = std::get_if<Reference<std::vector<std::string>>>(&flag.target)) {
      return SetList(value, (*list)(file_.config));
    }
    ASSIGN_OR_RETURN(const std::string text, std::visit(TextOf{value}, flag.target));
    if (text.empty() && !std::holds_alternative<Reference<std::string>>(flag.target)) {
      return Status();
    }
    return SetFlag(flag, text, file_.config);
  }

  FileConfig file_;
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
    FileConfig file = std::move(reading).Take();
    file.config.config_file = path;
    return file;
  } catch (const YAML::Exception& error) {
    return named(error.what());
  }
}

}  // namespace config
