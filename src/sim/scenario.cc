#include "sim/scenario.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>

#include "base/duration_text.h"
#include "base/status.h"
#include "sim/plan_settings.h"

namespace sim {
namespace {

constexpr std::string_view kBlank = " \t\r";

base::Status Invalid(std::string text) {
  return {base::Code::kInvalidArgument, std::move(text)};
}

// The first word of `text`, which loses it; empty if there is none.
std::string_view TakeWord(std::string_view* text) {
  const size_t begin = std::min(text->find_first_not_of(kBlank), text->size());
  const size_t end = std::min(text->find_first_of(kBlank, begin), text->size());
  const std::string_view word = text->substr(begin, end - begin);
  text->remove_prefix(end);
  return word;
}

std::string_view TakeLine(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

std::optional<uint64_t> ParseTime(std::string_view text) {
  const auto time = base::ParseDuration(text);
  if (!time.ok() || *time < std::chrono::nanoseconds(0)) return std::nullopt;
  if (*time % std::chrono::microseconds(1) != std::chrono::nanoseconds(0)) return std::nullopt;
  return static_cast<uint64_t>(*time / std::chrono::microseconds(1));
}

std::optional<uint64_t> ParseValue(const Setting& setting, std::string_view text) {
  if (text == "off") return 0;
  if (setting.unit == Unit::kSwitch)
    return text == "on" ? std::optional<uint64_t>(1) : std::nullopt;
  if (setting.unit == Unit::kTime) return ParseTime(text);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string FormatValue(const Setting& setting, uint64_t value) {
  if (setting.unit == Unit::kSwitch) return value != 0 ? "on" : "off";
  if (setting.unit == Unit::kCount) return std::to_string(value);
  return value == 0 ? "off" : base::FormatDuration(std::chrono::microseconds(value));
}

std::string NameOf(const Setting& setting) {
  return std::string(setting.group) + "." + std::string(setting.name);
}

class Parser {
 public:
  // One line, without its comment.
  base::Status TakeLine(std::string_view line) {
    const std::string_view group = TakeWord(&line);
    if (group.empty()) return {};
    if (++lines_ > kScenarioLinesMax) {
      return Invalid("a scenario has at most " + std::to_string(kScenarioLinesMax) + " lines");
    }
    for (auto word = TakeWord(&line); !word.empty(); word = TakeWord(&line)) {
      RETURN_IF_ERROR(TakeSetting(group, word));
    }
    return {};
  }
  base::Result<Plan> Take() {
    const std::string_view contradiction = plan_.Contradiction();
    if (!contradiction.empty()) return Invalid(std::string(contradiction));
    return plan_;
  }

 private:
  base::Status TakeSetting(std::string_view group, std::string_view word) {
    const size_t equals = word.find('=');
    if (equals == word.npos) return Invalid("\"" + std::string(word) + "\" is not name=value");
    const std::string_view name = word.substr(0, equals);
    const auto settings = Settings();
    const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& each) {
      return each.group == group && each.name == name;
    });
    if (found == settings.end()) {
      return Invalid("there is no setting " + std::string(group) + "." + std::string(name));
    }
    if (!named_.insert(&*found - settings.data()).second) {
      return Invalid(NameOf(*found) + " is there twice");
    }
    return Assign(*found, word.substr(equals + 1));
  }
  base::Status Assign(const Setting& setting, std::string_view text) {
    const std::optional<uint64_t> value = ParseValue(setting, text);
    if (!value.has_value() || !setting.Takes(*value)) {
      return Invalid(NameOf(setting) + " cannot be \"" + std::string(text) + "\": it is from " +
                     FormatValue(setting, setting.least) + " to " +
                     FormatValue(setting, setting.most));
    }
    setting.set(&plan_, *value);
    return {};
  }

  Plan plan_ = Plan::Quiet();
  std::set<std::ptrdiff_t> named_;
  size_t lines_ = 0;
};

}  // namespace

base::Result<Plan> ParseScenario(std::string_view text) {
  if (text.size() > kScenarioBytesMax) {
    return Invalid("a scenario has at most " + std::to_string(kScenarioBytesMax) + " bytes");
  }
  Parser parser;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeLine(&text);
    const base::Status status = parser.TakeLine(line.substr(0, line.find('#')));
    if (!status.ok()) {
      return Invalid("line " + std::to_string(number) + ": " + std::string(status.message()));
    }
  }
  return parser.Take();
}

std::string ToScenario(const Plan& plan) {
  const Plan quiet = Plan::Quiet();
  std::string text;
  std::string_view group;
  for (const Setting& setting : Settings()) {
    const uint64_t value = setting.get(plan);
    if (value == setting.get(quiet)) continue;
    if (setting.group != group) {
      if (!text.empty()) text += '\n';
      text += setting.group;
      group = setting.group;
    }
    text += " " + std::string(setting.name) + "=" + FormatValue(setting, value);
  }
  if (!text.empty()) text += '\n';
  return text;
}

}  // namespace sim
