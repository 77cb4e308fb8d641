#include "ctl/printer.h"

#include <charconv>

#include "cli/output.h"
#include "ctl/command.h"

namespace ctl {

Outcome Printer::Show(const std::string& text) const {
  Print(out_, text);
  return cli::OutcomeOfOutput(out_);
}

Outcome Printer::Unsupported() const {
  return Failed(kExitBadFeature, format_ + " not supported as output format");
}

std::unique_ptr<Printer> NewPrinter(const std::string& format, bool hex, std::FILE* out) {
  if (format == "simple") return NewSimplePrinter(hex, out);
  if (format == "fields") return NewFieldsPrinter(hex, out);
  if (format == "json") return NewJsonPrinter(hex, out);
  if (format == "protobuf") return NewProtobufPrinter(out);
  if (format == "table") return NewTablePrinter(out);
  return nullptr;
}

std::string HexId(uint64_t id) {
  char buffer[16];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, id, 16);
  return std::string(buffer, end);
}

std::string PaddedHexId(uint64_t id) {
  const std::string text = HexId(id);
  return std::string(16 - text.size(), ' ') + text;
}

std::string AlarmName(etcd::AlarmType type) {
  switch (type) {
    case etcd::AlarmType::kNone:
      return "NONE";
    case etcd::AlarmType::kNoSpace:
      return "NOSPACE";
    case etcd::AlarmType::kCorrupt:
      return "CORRUPT";
  }
  return std::to_string(static_cast<int>(type));
}

}  // namespace ctl
