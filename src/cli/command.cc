#include "cli/command.h"

#include "base/json_string.h"
#include "cli/output.h"

namespace cli {

void Print(std::FILE* file, const std::string& text) {
  Write(file, text);
  Flush(file);
}

void PrintCause(std::FILE* file, const std::string& cause) {
  if (cause.empty()) return;
  Print(file, "{\"level\":\"warn\",\"msg\":\"no endpoint could be reached\",\"error\":" +
                  base::JsonString(cause) + "}\n");
}

std::string ReadAll(std::FILE* file) {
  std::string text;
  if (file == nullptr) return text;
  char buffer[65536];
  size_t size = 0;
  // Less than was asked for is all: a terminal would be read on behind the end that was typed.
  do {
    size = std::fread(buffer, 1, sizeof buffer, file);
    text.append(buffer, size);
  } while (size == sizeof buffer);
  return text;
}

}  // namespace cli
