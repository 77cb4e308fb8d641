#include "runtime/failpoint_table.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/duration_text.h"
#include "base/go_text.h"

namespace runtime {
namespace {

// As a panic of Go ends a process.
constexpr int kPanicExitCode = 2;
// More than anybody waits for, and than a number here holds.
constexpr double kLimitMax = 1e15;
constexpr uint64_t kMillisecondsMax = uint64_t{1} << 40;

base::Status CouldNotParse() {
  return {base::Code::kInvalidArgument, "failpoint: could not parse terms"};
}
base::Status NoSuchPoint() {
  return {base::Code::kNotFound, "failpoint: failpoint does not exist"};
}
base::Status Disabled() {
  return {base::Code::kFailedPrecondition, "failpoint: failpoint is disabled"};
}

void EndProcess(std::string_view message) {
  std::fprintf(stderr, "panic: %.*s\n", int(message.size()), message.data());
  std::fflush(stderr);
  std::_Exit(kPanicExitCode);
}

bool Take(std::string_view word, std::string_view* text) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  return true;
}

// A number that begins the text, with what follows it: "50.0%", "3*". False if there is none.
bool TakeLimit(std::string_view* text, FailpointTerm* term) {
  double number = 0;
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number, std::chars_format::fixed);
  if (parsed.ec != std::errc() || parsed.ptr == end) return false;
  if (!(number >= 0 && number <= kLimitMax)) return false;
  const bool is_count = *parsed.ptr == '*';
  if (!is_count && *parsed.ptr != '%') return false;
  if (is_count) {
    term->counts.push_back(uint64_t(number));
  } else {
    term->chances.push_back(number / 100);
  }
  text->remove_prefix(size_t(parsed.ptr - text->data()) + 1);
  return true;
}

// What stands in parentheses; nullopt without them.
base::Result<std::optional<std::string>> TakeArgument(std::string_view* text) {
  if (!Take("(", text)) return std::optional<std::string>();
  const size_t end = text->find(')');
  if (end == text->npos) return CouldNotParse();
  std::string_view argument = text->substr(0, end);
  text->remove_prefix(end + 1);
  if (argument.size() >= 2 && argument.front() == '"' && argument.back() == '"') {
    argument = argument.substr(1, argument.size() - 2);
  }
  return std::optional<std::string>(argument);
}

// Milliseconds, or a duration with its unit.
base::Result<std::chrono::nanoseconds> ParseSleep(const std::string& text) {
  const auto milliseconds = base::ParseGoUint(text);
  if (milliseconds.ok()) {
    if (*milliseconds > kMillisecondsMax) return CouldNotParse();
    return std::chrono::nanoseconds(std::chrono::milliseconds(*milliseconds));
  }
  const auto duration = base::ParseDuration(text);
  if (!duration.ok()) return CouldNotParse();
  return *duration;
}

base::Result<FailpointTerm> TakeTerm(std::string_view* text) {
  FailpointTerm term;
  while (TakeLimit(text, &term)) {
  }
  using Action = FailpointTerm::Action;
  static const std::map<std::string_view, Action> actions = {{"off", Action::kOff},
                                                             {"return", Action::kOff},
                                                             {"sleep", Action::kSleep},
                                                             {"panic", Action::kPanic},
                                                             {"print", Action::kPrint}};
  const auto found = std::find_if(actions.begin(), actions.end(),
                                  [&](const auto& action) { return Take(action.first, text); });
  if (found == actions.end()) return CouldNotParse();
  term.action = found->second;
  ASSIGN_OR_RETURN(const auto argument, TakeArgument(text));
  if (term.action == Action::kSleep) {
    ASSIGN_OR_RETURN(term.sleep, ParseSleep(argument.value_or("")));
  } else {
    term.text = argument.value_or("");
  }
  return term;
}

}  // namespace

base::Result<std::vector<FailpointTerm>> ParseFailpointTerms(std::string_view text) {
  std::vector<FailpointTerm> chain;
  do {
    ASSIGN_OR_RETURN(FailpointTerm term, TakeTerm(&text));
    chain.push_back(std::move(term));
  } while (Take("->", &text));
  if (!text.empty()) return CouldNotParse();
  return chain;
}

struct FailpointTable::Point {
  std::atomic<bool> is_set = false;
  mutable std::mutex mutex;
  State state;
  std::vector<FailpointTerm> chain;
  std::minstd_rand random;

  // The term whose turn it is; it has been counted.
  std::optional<FailpointTerm> Next() {
    const std::lock_guard lock(mutex);
    for (FailpointTerm& term : chain) {
      const bool is_left = std::all_of(term.counts.begin(), term.counts.end(),
                                       [](uint64_t count) { return count > 0; });
      const bool happens = std::all_of(
          term.chances.begin(), term.chances.end(),
          [this](double chance) { return std::uniform_real_distribution<>()(random) < chance; });
      if (!is_left || !happens) continue;
      for (uint64_t& count : term.counts) --count;
      ++state.count;
      return term;
    }
    return std::nullopt;
  }
};

FailpointTable::FailpointTable(std::span<const std::string_view> names)
    : FailpointTable(names, EndProcess) {}

FailpointTable::FailpointTable(std::span<const std::string_view> names, Panic panic)
    : names_(names), panic_(std::move(panic)), points_(new Point[names.size()]) {}

FailpointTable::~FailpointTable() = default;

FailpointTable::Point* FailpointTable::Find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? nullptr : &points_[size_t(found - names_.begin())];
}

base::Status FailpointTable::Set(std::string_view name, std::string_view terms) {
  Point* const point = Find(name);
  if (point == nullptr) return NoSuchPoint();
  ASSIGN_OR_RETURN(auto chain, ParseFailpointTerms(terms));
  const std::lock_guard lock(point->mutex);
  point->state = {std::string(terms), 0};
  point->chain = std::move(chain);
  point->is_set = true;
  return {};
}

base::Status FailpointTable::SetAll(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const std::string& part : base::Split(text, ';')) {
    if (part.empty()) continue;
    const std::vector<std::string> pair = base::Split(part, '=');
    if (pair.size() != 2)
      return {base::Code::kInvalidArgument, "bad failpoint " + base::Quote(part)};
    if (Find(pair[0]) == nullptr) return NoSuchPoint();
    RETURN_IF_ERROR(ParseFailpointTerms(pair[1]).status());
    wanted.emplace_back(pair[0], pair[1]);
  }
  for (const auto& [name, terms] : wanted) RETURN_IF_ERROR(Set(name, terms));
  return {};
}

base::Status FailpointTable::Clear(std::string_view name) {
  Point* const point = Find(name);
  if (point == nullptr) return NoSuchPoint();
  const std::lock_guard lock(point->mutex);
  if (!point->is_set.exchange(false)) return Disabled();
  point->state = {};
  point->chain.clear();
  return {};
}

base::Result<FailpointTable::State> FailpointTable::Get(std::string_view name) const {
  const Point* const point = Find(name);
  if (point == nullptr) return NoSuchPoint();
  const std::lock_guard lock(point->mutex);
  if (!point->is_set) return Disabled();
  return point->state;
}

std::string FailpointTable::List() const {
  std::vector<std::string> lines;
  for (const std::string_view name : names_) {
    const auto state = Get(name);
    lines.push_back(std::string(name) + "=" + (state.ok() ? state->terms : ""));
  }
  std::sort(lines.begin(), lines.end());
  return base::Join(lines, "\n") + "\n";
}

void FailpointTable::Reach(size_t index) {
  Point& point = points_[index];
  if (!point.is_set.load(std::memory_order_acquire)) return;
  const auto term = point.Next();
  if (term.has_value()) Act(*term, names_[index]);
}

void FailpointTable::Act(const FailpointTerm& term, std::string_view name) {
  switch (term.action) {
    case FailpointTerm::Action::kOff:
      return;
    case FailpointTerm::Action::kSleep:
      std::this_thread::sleep_for(term.sleep);
      return;
    case FailpointTerm::Action::kPrint:
      std::printf("failpoint print: %.*s\n", int(name.size()), name.data());
      std::fflush(stdout);
      return;
    case FailpointTerm::Action::kPanic: {
      const std::lock_guard lock(panic_mutex_);
      panic_("failpoint panic: " + (term.text.empty() ? std::string(name) : term.text));
    }
  }
}

}  // namespace runtime
