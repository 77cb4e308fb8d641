#include "observe/rotating_file.h"

#include <spdlog/common.h>
#include <spdlog/details/periodic_worker.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <utility>

#include "base/errno_text.h"
#include "base/go_text.h"

namespace observe {
namespace {

namespace fs = std::filesystem;

// Compat: of a new one; a file takes over the mode of the one that it replaces.
constexpr mode_t kMode = 0600;
// Between two looks at whether there is something to tidy.
constexpr std::chrono::seconds kTidyInterval{1};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class RotatingFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  RotatingFile(std::string path, const Rotation& rotation)
      : path_(std::move(path)),
        max_bytes_(rotation.max_size_megabytes << 20),
        backups_(path_, rotation) {}
  ~RotatingFile() override {
    stop_ = true;
    tidying_.reset();
  }

  base::Status Open();
  void BeginToTidy() {
    tidying_ = std::make_unique<spdlog::details::periodic_worker>(
        [this] {
          const int64_t at = untidy_since_.exchange(0);
          if (at != 0) backups_.Tidy({at}, stop_);
        },
        kTidyInterval);
  }

 private:
  void Rotate(runtime::WallTime now);
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {
    if (file_ != nullptr) std::fflush(file_.get());
  }

  const std::string path_;
  const uint64_t max_bytes_;
  const LogBackups backups_;
  std::unique_ptr<std::FILE, CloseFile> file_;  // null: it cannot be opened at the moment
  uint64_t bytes_ = 0;                          // of file_
  bool has_lines_ = false;                      // since the start
  std::atomic<int64_t> untidy_since_ = 0;       // in nanoseconds; 0: it is tidy
  std::atomic<bool> stop_ = false;
  std::unique_ptr<spdlog::details::periodic_worker> tidying_;
};

base::Status RotatingFile::Open() {
  std::error_code ignored;
  const fs::path folder = fs::path(path_).parent_path();
  if (!folder.empty()) fs::create_directories(folder, ignored);
  const bool existed = fs::exists(path_, ignored);
  file_.reset(std::fopen(path_.c_str(), "ae"));
  if (file_ == nullptr) {
    return {base::Code::kUnavailable,
            "open sink " + base::Quote(path_) + ": open " + path_ + ": " + base::ErrnoText(errno)};
  }
  if (!existed) ::fchmod(::fileno(file_.get()), kMode);
  struct stat found = {};
  ::fstat(::fileno(file_.get()), &found);
  bytes_ = static_cast<uint64_t>(std::max<off_t>(found.st_size, 0));
  return {};
}

void RotatingFile::Rotate(runtime::WallTime now) {
  struct stat old = {};
  ::fstat(::fileno(file_.get()), &old);
  file_.reset();
  std::error_code error;
  rename(fs::path(path_), fs::path(backups_.NextPath(now)), error);
  if (!Open().ok() || error) return;
  ::fchmod(::fileno(file_.get()), old.st_mode & 07777);
  untidy_since_ = now.unix_nanos;
}

void RotatingFile::sink_it_(const spdlog::details::log_msg& message) {
  const runtime::WallTime now{
      std::chrono::duration_cast<std::chrono::nanoseconds>(message.time.time_since_epoch())
          .count()};
  if (!std::exchange(has_lines_, true)) untidy_since_ = now.unix_nanos;
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (file_ == nullptr && !Open().ok()) return;
  if (bytes_ > 0 && bytes_ + line.size() > max_bytes_) Rotate(now);
  if (file_ == nullptr) return;
  bytes_ += std::fwrite(line.data(), 1, line.size(), file_.get());
}

}  // namespace

base::Result<std::shared_ptr<spdlog::sinks::sink>> OpenRotatingFile(const std::string& path,
                                                                    const Rotation& rotation) {
  auto opened = std::make_shared<RotatingFile>(path, rotation);
  RETURN_IF_ERROR(opened->Open());
  opened->BeginToTidy();
  return std::shared_ptr<spdlog::sinks::sink>(std::move(opened));
}

}  // namespace observe
