#include "observe/journal.h"

#include <errno.h>
#include <spdlog/common.h>
#include <spdlog/sinks/base_sink.h>
#include <syslog.h>
// The place of a line is in it.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "observe/log.h"

namespace observe {
namespace {

constexpr const char* kSocket = "/run/systemd/journal/socket";

// The text between the first `begin` and the next `end`; empty if there is none.
std::string_view Between(std::string_view line, std::string_view begin, char end) {
  const size_t at = line.find(begin);
  if (at == line.npos) return {};
  const std::string_view rest = line.substr(at + begin.size());
  return rest.substr(0, std::min(rest.find(end), rest.size()));
}

// Of a line in either format.
Level LevelOf(std::string_view line) {
  const bool is_json = line.starts_with('{');
  const std::string_view name =
      is_json ? Between(line, R"("level":")", '"') : Between(line, "\t", '\t');
  return ParseLevel(name).value_or(Level::kInfo);
}

int PriorityOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return LOG_DEBUG;
    case Level::kInfo:
      return LOG_INFO;
    case Level::kWarn:
      return LOG_WARNING;
    case Level::kError:
      return LOG_ERR;
    case Level::kPanic:
    case Level::kFatal:
      return LOG_CRIT;
  }
  return LOG_CRIT;
}

bool IsThere() {
  std::error_code ignored;
  return std::filesystem::exists(kSocket, ignored);
}

class Journal final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view line(message.payload.data(), message.payload.size());
    const std::string_view caller = Between(line, R"("caller":")", '"');
    const std::array<std::string, 4> fields = {
        "MESSAGE=" + std::string(line), "PRIORITY=" + std::to_string(PriorityOf(LevelOf(line))),
        "PACKAGE=" + std::filesystem::path(caller).parent_path().string(),
        "SYSLOG_IDENTIFIER=" + std::string(program_invocation_short_name)};
    std::array<iovec, fields.size()> pieces;
    for (size_t i = 0; i < fields.size(); ++i) {
      pieces[i] = {const_cast<char*>(fields[i].data()), fields[i].size()};
    }
    // Without a journal the library would say that all is well.
    const bool is_sent =
        IsThere() && ::sd_journal_sendv(pieces.data(), static_cast<int>(pieces.size())) == 0;
    if (is_sent) return;
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fputc('\n', stderr);
  }
  void flush_() override {}
};

}  // namespace

base::Result<std::shared_ptr<spdlog::sinks::sink>> OpenJournal() {
  if (!IsThere()) {
    return base::Status(base::Code::kUnavailable,
                        std::string("can't find journal (dial unixgram ") + kSocket +
                            ": connect: no such file or directory)");
  }
  return std::shared_ptr<spdlog::sinks::sink>(std::make_shared<Journal>());
}

}  // namespace observe
