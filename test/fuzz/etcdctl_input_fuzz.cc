// Any text as a line of a transaction and as a command line; what is quoted reads back the same.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/go_text.h"
#include "ctl/command.h"
#include "ctl/txn_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);

  const std::string quoted = base::Quote(text) + "rest";
  std::string_view unread = quoted;
  const std::optional<std::string> value = ctl::TakeQuoted(&unread);
  CHECK(value.has_value());
  CHECK_EQ(*value, text);
  CHECK_EQ(unread, "rest");

  etcd::Compare compare;
  if (ctl::ParseCompare(text, &compare).ok()) CHECK(text.find('(') != std::string::npos);
  const std::optional<std::vector<std::string>> words = ctl::SplitWords(text);
  if (!words.has_value()) return 0;
  ctl::Flags flags;
  for (const ctl::FlagSpec& spec : ctl::RootCommand().persistent_flags) flags.Add(spec);
  const auto arguments = flags.Parse(*words);
  if (arguments.ok()) CHECK_LE(arguments->size(), words->size());
  return 0;
}
