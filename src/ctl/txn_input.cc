#include "ctl/txn_input.h"

#include <array>
#include <cctype>
#include <utility>

#include "base/go_text.h"
#include "cli/help.h"
#include "ctl/requests.h"

namespace ctl {
namespace {

bool IsSpace(char character) {
  return std::isspace(static_cast<unsigned char>(character)) != 0;
}

std::string_view SkipSpace(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  return text;
}

void AppendUtf8(uint32_t rune, std::string* out) {
  if (rune < 0x80) {
    *out += static_cast<char>(rune);
    return;
  }
  const int more = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
  static constexpr std::array<unsigned, 4> kLead = {0, 0xc0, 0xe0, 0xf0};
  *out += static_cast<char>(kLead[static_cast<size_t>(more)] | rune >> (6 * more));
  for (int i = more - 1; i >= 0; --i) *out += static_cast<char>(0x80 | (rune >> (6 * i) & 63));
}

// `digits` digits of a number to this base, off the front.
std::optional<uint32_t> TakeNumber(size_t digits, uint32_t base, std::string_view* text) {
  if (text->size() < digits) return std::nullopt;
  uint32_t number = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char character = static_cast<char>(std::tolower(static_cast<unsigned char>((*text)[i])));
    const uint32_t digit = character >= 'a' ? static_cast<uint32_t>(character - 'a') + 10
                                            : static_cast<uint32_t>(character - '0');
    if (digit >= base) return std::nullopt;
    number = number * base + digit;
  }
  text->remove_prefix(digits);
  return number;
}

// What follows a backslash.
bool TakeEscape(std::string_view* text, std::string* out) {
  static constexpr std::string_view kNames = "abfnrtv\\\"";
  static constexpr std::string_view kCharacters = "\a\b\f\n\r\t\v\\\"";
  if (text->empty()) return false;
  const char name = text->front();
  if (const size_t at = kNames.find(name); at != std::string_view::npos) {
    text->remove_prefix(1);
    *out += kCharacters[at];
    return true;
  }
  if (name >= '0' && name <= '7') {
    const std::optional<uint32_t> byte = TakeNumber(3, 8, text);
    if (!byte.has_value() || *byte > 255) return false;
    *out += static_cast<char>(*byte);
    return true;
  }
  text->remove_prefix(1);
  if (name == 'x') {
    const std::optional<uint32_t> byte = TakeNumber(2, 16, text);
    if (byte.has_value()) *out += static_cast<char>(*byte);
    return byte.has_value();
  }
  if (name != 'u' && name != 'U') return false;
  const std::optional<uint32_t> rune = TakeNumber(name == 'u' ? 4 : 8, 16, text);
  if (!rune.has_value() || *rune > 0x10ffff || (*rune >= 0xd800 && *rune < 0xe000)) return false;
  AppendUtf8(*rune, out);
  return true;
}

std::optional<etcd::Compare::Target> TargetOf(std::string_view name) {
  using Target = etcd::Compare::Target;
  if (name == "ver" || name == "version") return Target::kVersion;
  if (name == "c" || name == "create") return Target::kCreate;
  if (name == "m" || name == "mod") return Target::kMod;
  if (name == "val" || name == "value") return Target::kValue;
  if (name == "lease") return Target::kLease;
  return std::nullopt;
}

std::optional<etcd::Compare::Result> ResultOf(std::string_view name) {
  using Result = etcd::Compare::Result;
  if (name == "=") return Result::kEqual;
  if (name == "!=") return Result::kNotEqual;
  if (name == ">") return Result::kGreater;
  if (name == "<") return Result::kLess;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> TakeQuoted(std::string_view* text) {
  if (text->empty() || text->front() != '"') return std::nullopt;
  std::string_view rest = text->substr(1);
  std::string value;
  while (!rest.empty()) {
    const char character = rest.front();
    rest.remove_prefix(1);
    if (character == '"') {
      *text = rest;
      return value;
    }
    if (character != '\\') {
      value += character;
    } else if (!TakeEscape(&rest, &value)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> SplitWords(const std::string& line) {
  std::vector<std::string> words;
  std::string_view rest = SkipSpace(line);
  for (; !rest.empty(); rest = SkipSpace(rest)) {
    if (rest.front() == '"' && rest.find('"', 1) != std::string_view::npos) {
      std::optional<std::string> word = TakeQuoted(&rest);
      if (!word.has_value()) return std::nullopt;
      words.push_back(*std::move(word));
      continue;
    }
    const size_t quote = rest.front() == '\'' ? rest.find('\'', 1) : std::string_view::npos;
    if (quote != std::string_view::npos) {
      words.emplace_back(rest.substr(1, quote - 1));
      rest.remove_prefix(quote + 1);
      continue;
    }
    // Compat: a quote that is never closed is skipped.
    if (rest.front() == '\'' || rest.front() == '"') {
      rest.remove_prefix(1);
      continue;
    }
    size_t end = 0;
    while (end < rest.size() && !IsSpace(rest[end])) ++end;
    words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return words;
}

Outcome ParseCompare(const std::string& line, etcd::Compare* compare) {
  const std::string malformed = "malformed comparison: " + line;
  const size_t paren = line.find('(');
  if (paren == std::string::npos) return Failed(kExitInvalidInput, malformed);
  const std::string target = line.substr(0, paren);

  std::string_view rest = SkipSpace(std::string_view(line).substr(paren + 1));
  std::string operation;
  std::optional<std::string> value;
  const std::optional<std::string> key = TakeQuoted(&rest);
  const bool closed = key.has_value() && rest.starts_with(')');
  // Compat: the operator stands apart.
  if (closed && rest.size() > 1 && IsSpace(rest[1])) {
    rest = SkipSpace(rest.substr(1));
    while (!rest.empty() && !IsSpace(rest.front())) {
      operation += rest.front();
      rest.remove_prefix(1);
    }
    rest = SkipSpace(rest);
    value = TakeQuoted(&rest);
  }
  if (!value.has_value()) {
    return Failed(kExitInvalidInput, malformed + "; got " + target + "(" +
                                         base::Quote(key.value_or("")) + ") " + operation +
                                         " \"\"");
  }
  const auto known_target = TargetOf(target);
  if (!known_target.has_value()) {
    return Failed(kExitInvalidInput, malformed + " (unknown target " + target + ")");
  }
  const auto result = ResultOf(operation);
  if (!result.has_value()) {
    return Failed(kExitInvalidInput, malformed + " (unknown operator " + operation + ")");
  }
  compare->target = *known_target;
  compare->key = *key;
  compare->result = *result;
  if (*known_target == etcd::Compare::Target::kValue) {
    compare->value = *value;
  } else if (!ReadNumber(*value, 10, &compare->number).ok()) {
    return Failed(kExitInvalidInput, "invalid txn compare request: " + line);
  }
  return {};
}

Outcome ParseRequest(const std::string& line, const Invocation& invocation, etcd::Op* op) {
  std::optional<std::vector<std::string>> words = SplitWords(line);
  if (!words.has_value()) return Failed(kExitInvalidInput, "invalid syntax");
  if (words->size() < 2) {
    return Failed(kExitInvalidInput, "invalid txn compare request: " + line);
  }
  const Command* const command = FindSubcommand(RootCommand(), words->front());
  const Outcome invalid = Failed(kExitInvalidInput, "invalid txn request: " + line);
  if (command == nullptr) return invalid;
  Flags flags;
  for (const FlagSpec& spec : command->flags) flags.Add(spec);
  words->erase(words->begin());
  const base::Result<std::vector<std::string>> arguments = flags.Parse(*words);
  if (!arguments.ok()) return invalid;
  // What can be read belongs to the transaction: a put without a value is refused.
  const Invocation inner{flags, *arguments, nullptr, invocation.out, invocation.err};
  if (command->name == "put") return ReadPut(inner, &op->request.emplace<etcd::PutRequest>());
  if (command->name == "get") return ReadGet(inner, &op->request.emplace<etcd::GetRequest>());
  if (command->name == "del") return ReadDelete(inner, &op->request.emplace<etcd::DeleteRequest>());
  return invalid;
}

}  // namespace ctl
