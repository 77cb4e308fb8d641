#include "observe/process_metrics.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace observe {
namespace {

constexpr Family kCpuSeconds{"process_cpu_seconds_total",
                             "Total user and system CPU time spent in seconds."};
constexpr Family kOpenFiles{"process_open_fds", "Number of open file descriptors."};
constexpr Family kFilesMax{"process_max_fds", "Maximum number of open file descriptors."};
constexpr Family kVirtualMemory{"process_virtual_memory_bytes", "Virtual memory size in bytes."};
constexpr Family kVirtualMemoryMax{"process_virtual_memory_max_bytes",
                                   "Maximum amount of virtual memory available in bytes."};
constexpr Family kResidentMemory{"process_resident_memory_bytes", "Resident memory size in bytes."};
constexpr Family kStartTime{"process_start_time_seconds",
                            "Start time of the process since unix epoch in seconds."};
constexpr Family kNetworkReceived{"process_network_receive_bytes_total",
                                  "Bytes that the process's network has received."};
constexpr Family kNetworkSent{"process_network_transmit_bytes_total",
                              "Bytes that the process's network has sent."};
constexpr Family kOsFilesUsed{"os_fd_used", "The number of used file descriptors."};
constexpr Family kOsFilesLimit{"os_fd_limit", "The file descriptor limit."};

// More than any file read here has.
constexpr size_t kFileSizeMax = 1 << 20;

// Files of /proc have no size: they are read to their end.
std::optional<std::string> ReadProc(runtime::Disk& disk, std::string_view path) {
  const auto file = disk.Open(path, runtime::OpenMode::kRead);
  if (!file.ok()) return std::nullopt;
  std::string text;
  if (!(*file)->ReadAt(0, kFileSizeMax, &text).ok()) return std::nullopt;
  return text;
}

// The words of `text`, split at blanks.
std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find_first_of(" \n")));
    text.remove_prefix(words.back().size());
  }
  return words;
}

std::optional<double> Number(std::string_view word) {
  uint64_t value = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size()) return std::nullopt;
  return static_cast<double>(value);
}

// The number after `label` at the beginning of a line; "unlimited" is none.
std::optional<double> NumberAfter(std::string_view text, std::string_view label) {
  const std::string at_line_start = "\n" + std::string(label);
  const size_t found = text.find(at_line_start);
  if (found == std::string_view::npos) return std::nullopt;
  const auto words = Words(text.substr(found + at_line_start.size(), 80));
  return words.empty() ? std::nullopt : Number(words.front());
}

// /proc/self/stat, see proc(5). The fields before the last parenthesis may hold anything.
struct Stat {
  double cpu_ticks = 0;
  double start_ticks = 0;
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<Stat> ParseStat(std::string_view text) {
  const size_t parenthesis = text.rfind(')');
  if (parenthesis == std::string_view::npos) return std::nullopt;
  // Field 3 of the manual page is the first word.
  const auto words = Words(text.substr(parenthesis + 1));
  if (words.size() < 22) return std::nullopt;
  const auto field = [&](size_t number) { return Number(words[number - 3]).value_or(0); };
  return Stat{field(14) + field(15), field(22), field(23), field(24)};
}

// The number of a name in /proc/net/netstat: a line of names, then one of numbers, each after the
// name of its group.
std::optional<double> NetworkNumber(std::string_view text, std::string_view group,
                                    std::string_view name) {
  const std::string label = "\n" + std::string(group) + ":";
  const size_t names_at = text.find(label);
  if (names_at == std::string_view::npos) return std::nullopt;
  const size_t numbers_at = text.find(label, names_at + label.size());
  if (numbers_at == std::string_view::npos) return std::nullopt;
  const auto names = Words(text.substr(names_at, numbers_at - names_at));
  const auto numbers = Words(text.substr(numbers_at, text.find('\n', numbers_at + 1) - numbers_at));
  const auto found = std::find(names.begin(), names.end(), name);
  const auto index = static_cast<size_t>(found - names.begin());
  return index < std::min(names.size(), numbers.size()) ? Number(numbers[index]) : std::nullopt;
}

class Collector {
 public:
  explicit Collector(runtime::Disk* disk) : disk_(disk) {
    const auto machine = ReadProc(*disk_, "/proc/stat");
    if (machine) boot_time_ = NumberAfter(*machine, "btime");
  }

  void operator()(Samples& samples) const {
    AddStat(samples);
    AddLimits(samples);
    AddNetwork(samples);
    // One of the descriptors is that of the listing itself.
    const auto descriptors = disk_->List("/proc/self/fd");
    if (!descriptors.ok()) return;
    const auto used = static_cast<double>(descriptors->size() - 1);
    samples.Add(kOpenFiles, MetricType::kGauge, used);
    samples.Add(kOsFilesUsed, MetricType::kGauge, used);
  }

 private:
  void AddStat(Samples& samples) const {
    const auto text = ReadProc(*disk_, "/proc/self/stat");
    const auto stat = text ? ParseStat(*text) : std::nullopt;
    if (!stat) return;
    samples.Add(kCpuSeconds, MetricType::kCounter, stat->cpu_ticks / ticks_per_second_);
    samples.Add(kVirtualMemory, MetricType::kGauge, stat->virtual_bytes);
    samples.Add(kResidentMemory, MetricType::kGauge, stat->resident_pages * page_bytes_);
    if (!boot_time_) return;
    samples.Add(kStartTime, MetricType::kGauge,
                *boot_time_ + stat->start_ticks / ticks_per_second_);
  }

  void AddNetwork(Samples& samples) const {
    const auto text = ReadProc(*disk_, "/proc/self/net/netstat");
    if (!text) return;
    if (const auto bytes = NetworkNumber(*text, "IpExt", "InOctets")) {
      samples.Add(kNetworkReceived, MetricType::kCounter, *bytes);
    }
    if (const auto bytes = NetworkNumber(*text, "IpExt", "OutOctets")) {
      samples.Add(kNetworkSent, MetricType::kCounter, *bytes);
    }
  }

  void AddLimits(Samples& samples) const {
    const auto text = ReadProc(*disk_, "/proc/self/limits");
    if (!text) return;
    if (const auto files = NumberAfter(*text, "Max open files")) {
      samples.Add(kFilesMax, MetricType::kGauge, *files);
      samples.Add(kOsFilesLimit, MetricType::kGauge, *files);
    }
    // Compat: Go's client writes the largest 64-bit number for no limit.
    const double no_limit = 18446744073709551615.0;
    samples.Add(kVirtualMemoryMax, MetricType::kGauge,
                NumberAfter(*text, "Max address space").value_or(no_limit));
  }

  runtime::Disk* disk_;
  std::optional<double> boot_time_;
  double ticks_per_second_ = static_cast<double>(::sysconf(_SC_CLK_TCK));
  double page_bytes_ = static_cast<double>(::sysconf(_SC_PAGESIZE));
};

}  // namespace

void AddProcessMetrics(runtime::Disk* disk, Registry* registry) {
  registry->AddCollector(Collector(disk));
}

}  // namespace observe
