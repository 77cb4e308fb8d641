#include "app/raft_trace_file.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace app {
namespace {

class TraceFile {
 public:
  TraceFile(std::unique_ptr<runtime::File> file, uint64_t size, std::string path,
            const observe::Logger* logger)
      : file_(std::move(file)), size_(size), path_(std::move(path)), logger_(*logger) {}

  void Write(std::string_view line) {
    if (has_failed_) return;
    const base::Status status = file_->WriteAt(size_, line);
    size_ += line.size();
    if (status.ok()) return;
    has_failed_ = true;
    logger_.Warn("cannot write the trace of raft; it ends here",
                 {{"path", path_}, {"error", status.message()}});
  }

  void SayFull() const {
    logger_.Warn("the trace of raft has reached its bound and ends here",
                 {{"path", path_}, {"size-bytes", size_}});
  }

 private:
  const std::unique_ptr<runtime::File> file_;
  uint64_t size_;
  const std::string path_;
  const observe::Logger& logger_;
  bool has_failed_ = false;
};

}  // namespace

base::Result<std::unique_ptr<server::RaftTrace>> OpenRaftTrace(const config::MemberConfig& config,
                                                               runtime::Disk* disk,
                                                               const runtime::Clock* clock,
                                                               const observe::Logger* logger) {
  const std::string& path = config.raft_trace_file;
  ASSIGN_OR_RETURN(const bool exists, disk->Exists(path));
  ASSIGN_OR_RETURN(
      std::unique_ptr<runtime::File> file,
      disk->Open(path, exists ? runtime::OpenMode::kWrite : runtime::OpenMode::kCreate));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  const auto trace = std::make_shared<TraceFile>(std::move(file), size, path, logger);
  return std::make_unique<server::RaftTrace>(
      clock, server::RaftTrace::Sink{
                 .bytes_max = config.raft_trace_bytes - std::min(size, config.raft_trace_bytes),
                 .write = [trace](std::string_view line) { trace->Write(line); },
                 .on_full = [trace] { trace->SayFull(); }});
}

}  // namespace app
