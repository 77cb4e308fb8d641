#include "config/command_line.h"

#include <utility>
#include <variant>

#include "base/go_text.h"
#include "cli/suggestion.h"
#include "config/flag_value.h"

namespace config {
namespace {

base::Status Invalid(std::string text) {
  return base::Status(base::Code::kInvalidArgument, std::move(text));
}

class Reader {
 public:
  explicit Reader(std::span<const std::string> arguments) : arguments_(arguments) {}

  base::Result<CommandLine> Read() && {
    while (!arguments_.empty() && !line_.help) {
      const std::string_view argument = arguments_.front();
      if (argument.size() < 2 || argument[0] != '-') break;
      arguments_ = arguments_.subspan(1);
      if (argument == "--") break;
      RETURN_IF_ERROR(ReadFlag(argument));
    }
    if (!line_.help && !arguments_.empty()) line_.stray = arguments_.front();
    return std::move(line_);
  }

 private:
  base::Status ReadFlag(std::string_view argument) {
    const std::string_view body = argument.substr(argument[1] == '-' ? 2 : 1);
    if (body.empty() || body[0] == '-' || body[0] == '=') {
      return Invalid("bad flag syntax: " + std::string(argument));
    }
    const size_t equals = body.find('=');
    const std::string_view name = body.substr(0, equals);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = body.substr(equals + 1);
    const Flag* const flag = FindFlag(name);
    if (flag == nullptr && (name == "help" || name == "h")) {
      line_.help = true;
      return base::Status();
    }
    if (flag == nullptr) return Invalid("flag provided but not defined: -" + std::string(name));
    if (!value && !flag->IsSwitch()) {
      if (arguments_.empty()) return Invalid("flag needs an argument: -" + std::string(name));
      value = arguments_.front();
      arguments_ = arguments_.subspan(1);
    }
    return Set(*flag, value.value_or("true"));
  }

  base::Status Set(const Flag& flag, std::string_view value) {
    const base::Status set = SetFlag(flag, value, line_.config);
    if (!set.ok()) {
      const std::string quoted = base::Quote(value);
      const std::string where = flag.IsSwitch() ? "invalid boolean value " + quoted + " for -"
                                                : "invalid value " + quoted + " for flag -";
      return Invalid(where + std::string(flag.name) + ": " + std::string(set.message()));
    }
    line_.given.insert(flag.name);
    if (std::holds_alternative<VersionSwitch>(flag.target)) {
      ASSIGN_OR_RETURN(line_.version, base::ParseGoBool(value));
    }
    return base::Status();
  }

  // What is not read yet.
  std::span<const std::string> arguments_;
  CommandLine line_;
};

// What the flag may be set to; nothing if that is not one of a few words.
std::vector<std::string> WordsOf(const Flag& flag) {
  if (std::holds_alternative<Reference<ClusterState>>(flag.target)) return {"new", "existing"};
  return {flag.choices.begin(), flag.choices.end()};
}

}  // namespace

std::string MeantInPlaceOf(std::span<const std::string> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with('-')) continue;
    const std::string body = argument.substr(argument.starts_with("--") ? 2 : 1);
    const size_t equals = body.find('=');
    const std::string name = body.substr(0, equals);
    const Flag* const flag = FindFlag(name);
    if (flag == nullptr) {
      std::vector<std::string> names;
      for (const Flag& each : AllFlags()) {
        if (each.section != Section::kIgnored) names.emplace_back(each.name);
      }
      return cli::DidYouMean(name, names, "--");
    }
    const bool has_next = equals == std::string::npos && i + 1 < arguments.size();
    const std::string value = equals != std::string::npos ? body.substr(equals + 1)
                              : has_next                  ? arguments[i + 1]
                                                          : "";
    const std::string meant = cli::DidYouMean(value, WordsOf(*flag));
    if (!meant.empty()) return meant;
    if (has_next && !flag->IsSwitch()) ++i;
  }
  return "";
}

base::Result<CommandLine> ParseCommandLine(std::span<const std::string> arguments) {
  return Reader(arguments).Read();
}

}  // namespace config
