#include "ctl/resident_memory.h"

#include <charconv>
#include <string>

#include "base/go_text.h"
#include "client/http_page.h"

namespace ctl {
namespace {

constexpr std::string_view kMetric = "process_resident_memory_bytes";

base::Status Problem(const std::string& text) {
  return base::Status(base::Code::kUnknown, text);
}

}  // namespace

base::Result<double> FindResidentMemory(std::string_view page) {
  for (const std::string& line : base::Split(page, '\n')) {
    if (!line.starts_with(kMetric)) continue;
    const std::string_view text = base::TrimSpace(std::string_view(line).substr(kMetric.size()));
    double bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (error != std::errc() || end != text.data() + text.size()) {
      return Problem("parse error: " + base::Quote(text) + " is no number");
    }
    return bytes;
  }
  return Problem("could not find: " + std::string(kMetric));
}

base::Result<double> FetchResidentMemory(const etcd::ClientOptions& options) {
  const base::Result<base::Bytes> page = client::FetchPage(options, "/metrics");
  if (!page.ok()) return Problem("fetch error: " + std::string(page.status().message()));
  return FindResidentMemory(*page);
}

}  // namespace ctl
