#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Flags in the grammar of Go's pflag, which etcdctl's users' scripts rely on:
//
//   --name value  --name=value  -n value  -nvalue  -n=value  -abc (switches)  --switch[=bool]
//   --    ends the flags; they may otherwise stand between the arguments

namespace cli {

struct FlagSpec {
  enum class Type : uint8_t { kBool, kString, kInt, kInt64, kUint, kFloat, kDuration, kStrings };

  std::string name;
  char shorthand = 0;  // 0: none
  Type type = Type::kString;
  std::string default_value;
  std::string usage;
  bool required = false;
  // If not empty: what the value may be, which whoever reads it checks.
  std::vector<std::string> words = {};
};

// The flags of one invocation and what they were set to. Values are kept in the form that pflag
// prints; the typed accessors need a flag of that type.
class Flags {
 public:
  // A later flag of the same name is ignored.
  void Add(const FlagSpec& spec);

  // The arguments, without the flags; kInvalidArgument with pflag's text.
  base::Result<std::vector<std::string>> Parse(const std::vector<std::string>& words);
  // The same in the grammar of Go's package flag, with its texts; see go_flags.h.
  base::Result<std::vector<std::string>> ParseAsGo(const std::vector<std::string>& words);
  // After one of these was refused for a flag that there is not: those that may have been meant, as
  // lines of DidYouMean; empty if none. `dashes`: as flags are written.
  std::string MeantFlags(const std::string& dashes) const;
  // The same for values that are none of their flags' words.
  std::string MeantWords() const;
  // As if given on the command line, but not `changed`. With what cannot be read nothing is set,
  // and the status says why.
  base::Status SetFromEnvironment(const std::string& name, const std::string& value);
  // What pflag makes of a value that cannot be read: false, zero, or the largest or smallest number
  // if it is beyond these.
  void SetUnreadable(const std::string& name, const std::string& value);

  bool Has(const std::string& name) const { return values_.contains(name); }
  // By the command line.
  bool changed(const std::string& name) const;
  // By the command line or the environment.
  bool IsGiven(const std::string& name) const;
  bool GetBool(const std::string& name) const;
  int64_t GetInt(const std::string& name) const;
  uint64_t GetUint(const std::string& name) const;
  double GetFloat(const std::string& name) const;
  std::chrono::nanoseconds GetDuration(const std::string& name) const;
  const std::string& GetString(const std::string& name) const;
  const std::vector<std::string>& GetStrings(const std::string& name) const;
  // As pflag prints it: lists in brackets.
  std::string Text(const std::string& name) const;

  // Whether a word that begins with a dash takes the next one as its value, as far as is known: one
  // that is no flag yet may become one of a command that follows, and is thought to.
  bool TakesNextWord(std::string_view word) const;

 private:
  struct Value {
    FlagSpec spec;
    std::string text;
    std::vector<std::string> list;
    bool changed = false;
    bool given = false;
  };

  Value* Find(std::string_view name);
  Value* FindShorthand(char shorthand);
  const Value& Get(const std::string& name) const;
  static base::Status Assign(Value* value, const std::string& text);
  base::Status Set(Value* value, const std::string& text);
  base::Status ParseLong(const std::vector<std::string>& words, size_t* next);
  base::Status ParseShort(const std::vector<std::string>& words, size_t* next);
  base::Status ParseGoFlag(const std::vector<std::string>& words, size_t* next);

  std::map<std::string, Value, std::less<>> values_;
  std::string unknown_;  // the flag that there is not
};

// One line a flag, sorted by name, aligned, as pflag's FlagUsages.
std::string FlagUsages(std::vector<FlagSpec> specs);

}  // namespace cli
