#include "observe/log_backups.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace observe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompressed = ".gz";
// Of a name, in strftime's terms; milliseconds follow.
constexpr const char* kSeconds = "%Y-%m-%dT%H-%M-%S";
constexpr size_t kTimeChars = std::string_view("2026-05-01T10-00-00.123").size();
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1000 * kMillisecond;
constexpr int64_t kDay = 24 * 3600 * kSecond;
constexpr size_t kCopiedAtATime = 64 << 10;

std::string TextOf(runtime::WallTime time, bool local) {
  const std::time_t seconds = time.unix_nanos / kSecond;
  const int64_t milliseconds = time.unix_nanos % kSecond / kMillisecond;
  std::tm parts{};
  local ? ::localtime_r(&seconds, &parts) : ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  const size_t size = std::strftime(text.data(), text.size(), kSeconds, &parts);
  return std::string(text.data(), size) + "." + std::to_string(1000 + milliseconds).substr(1);
}

// Nothing for what TextOf does not write.
std::optional<runtime::WallTime> TimeOf(const std::string& text, bool local) {
  if (text.size() != kTimeChars || text[kTimeChars - 4] != '.') return std::nullopt;
  std::tm parts{};
  parts.tm_isdst = -1;
  const char* const rest = ::strptime(text.c_str(), kSeconds, &parts);
  if (rest != text.c_str() + kTimeChars - 4) return std::nullopt;
  int milliseconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(end - 3, end, milliseconds);
  if (error != std::errc() || stop != end || milliseconds < 0) return std::nullopt;
  const std::time_t seconds = local ? ::mktime(&parts) : ::timegm(&parts);
  return runtime::WallTime{seconds * kSecond + milliseconds * kMillisecond};
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// False if that failed, or is to stop.
bool Copy(std::FILE* from, gzFile to, const std::atomic<bool>& stop) {
  std::vector<char> bytes(kCopiedAtATime);
  while (!stop.load(std::memory_order_relaxed)) {
    const size_t count = std::fread(bytes.data(), 1, bytes.size(), from);
    if (count == 0) return std::ferror(from) == 0;
    if (::gzwrite(to, bytes.data(), static_cast<unsigned>(count)) != static_cast<int>(count)) {
      return false;
    }
  }
  return false;
}

// Under another name until it is whole.
void Compress(const std::string& path, const std::atomic<bool>& stop) {
  const std::string unfinished = path + std::string(kCompressed) + ".tmp";
  std::error_code ignored;
  {
    const std::unique_ptr<std::FILE, CloseFile> from(std::fopen(path.c_str(), "re"));
    if (from == nullptr) return;
    gzFile to = ::gzopen(unfinished.c_str(), "wbe");
    if (to == nullptr) return;
    const bool copied = Copy(from.get(), to, stop);
    if (::gzclose(to) != Z_OK || !copied) {
      fs::remove(unfinished, ignored);
      return;
    }
  }
  const fs::file_status status = fs::status(path, ignored);
  fs::permissions(unfinished, status.permissions(), ignored);
  std::error_code error;
  rename(fs::path(unfinished), fs::path(path + std::string(kCompressed)), error);
  if (!error) fs::remove(path, ignored);
}

}  // namespace

struct LogBackups::Backup {
  std::string path;       // without kCompressed
  bool is_plain = false;  // under that name
  runtime::WallTime time;
};

LogBackups::LogBackups(std::string path, const Rotation& rotation)
    : path_(std::move(path)),
      stem_(fs::path(path_).replace_extension().string() + "-"),
      extension_(fs::path(path_).extension().string()),
      rotation_(rotation) {}

std::string LogBackups::PathAt(runtime::WallTime time) const {
  return stem_ + TextOf(time, rotation_.local_time) + extension_;
}

std::string LogBackups::NextPath(runtime::WallTime now) const {
  std::error_code ignored;
  std::string path = PathAt(now);
  while (fs::exists(path, ignored) || fs::exists(path + std::string(kCompressed), ignored)) {
    now.unix_nanos += kMillisecond;
    path = PathAt(now);
  }
  return path;
}

std::vector<LogBackups::Backup> LogBackups::List() const {
  std::map<std::string, Backup> found;
  const fs::path folder = fs::path(path_).parent_path();
  const std::string stem = fs::path(stem_).filename().string();
  std::error_code error;
  fs::directory_iterator entry(folder.empty() ? fs::path(".") : folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    const bool compressed = name.ends_with(kCompressed);
    if (compressed) name.resize(name.size() - kCompressed.size());
    if (!name.starts_with(stem) || !name.ends_with(extension_)) continue;
    if (name.size() != stem.size() + kTimeChars + extension_.size()) continue;
    const auto time = TimeOf(name.substr(stem.size(), kTimeChars), rotation_.local_time);
    if (!time.has_value()) continue;
    Backup& backup = found[name];
    backup = {(folder / name).string(), backup.is_plain || !compressed, *time};
  }
  std::vector<Backup> backups;
  for (auto& [name, backup] : found) backups.push_back(std::move(backup));
  std::sort(backups.begin(), backups.end(),
            [](const Backup& a, const Backup& b) { return a.time > b.time; });
  return backups;
}

void LogBackups::Tidy(runtime::WallTime now, const std::atomic<bool>& stop) const {
  if (rotation_.max_backups == 0 && rotation_.max_age_days == 0 && !rotation_.compress) return;
  const std::vector<Backup> backups = List();
  std::error_code ignored;
  for (size_t i = 0; i < backups.size(); ++i) {
    const Backup& backup = backups[i];
    const bool too_many = rotation_.max_backups > 0 && i >= rotation_.max_backups;
    const int64_t age = std::max<int64_t>(now.unix_nanos - backup.time.unix_nanos, 0);
    const bool too_old =
        rotation_.max_age_days > 0 && static_cast<uint64_t>(age / kDay) >= rotation_.max_age_days;
    if (too_many || too_old) {
      fs::remove(backup.path, ignored);
      fs::remove(backup.path + std::string(kCompressed), ignored);
    } else if (rotation_.compress && backup.is_plain) {
      Compress(backup.path, stop);
    }
  }
}

}  // namespace observe
