#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/check.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"
#include "server/snapshot_restore.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_writer.h"
#include "test/fuzz/bucket_model.h"
#include "utl/snapshot_status.h"
#include "utl/storage_version.h"

// A snapshot file with any records, and a word of the command line: the file is described or
// refused; it is restored whole, or nothing is left; another version may be written into it, and
// nothing else is different then.
//
//   input = bump:u8 size:u8 word { record as in fuzz::ModelOf }

namespace {

constexpr char kFile[] = "/snapshot";
constexpr char kChanged[] = "/changed";
constexpr char kDataDir[] = "/data";

void Write(runtime::Disk& disk, const char* path, snap::Source& source) {
  const auto layout = snap::LayOutBbolt(source);
  CHECK(layout.ok());
  const auto file = disk.Open(path, runtime::OpenMode::kCreate).value();
  uint64_t offset = 0;
  CHECK(snap::WriteBbolt(source, *layout, [&](base::ByteView piece) {
          const base::Status written = file->WriteAt(offset, piece);
          offset += piece.size();
          return written;
        }).ok());
}

base::Result<utl::SnapshotStatus> StatusOf(runtime::Disk& disk, const char* path) {
  const auto file = disk.Open(path, runtime::OpenMode::kRead).value();
  const auto reader = snap::BboltReader::Open(file.get(), path, file->Size().value()).value();
  return utl::ReadSnapshotStatus(*reader);
}

void ChangeVersion(runtime::Disk& disk, const snap::testing::Model& model,
                   const members::Version& target) {
  snap::testing::ModelSource source(&model);
  const auto marks = utl::ReadVersionMarks(source);
  CHECK(marks.ok());
  const auto detected = utl::DetectVersion(*marks);
  if (detected.ok()) (void)utl::PlanMigration(*detected, target);
  const std::optional<std::string> text = utl::StoredText(target);
  utl::WithStorageVersion changed(&source, text);
  Write(disk, kChanged, changed);
  const auto before = StatusOf(disk, kFile);
  const auto after = StatusOf(disk, kChanged);
  CHECK(before.ok() == after.ok());
  if (!after.ok()) return;
  CHECK(after->revision == before->revision && after->total_keys == before->total_keys);
  CHECK(after->version == (model.contains("meta") ? text.value_or("") : ""));
}

void Restore(runtime::Disk& disk, uint64_t bump) {
  runtime::simulated::Scheduler scheduler(1);
  observe::testing::MemorySink sink;
  const observe::Logger logger(&scheduler.clock(), &sink, {});
  server::RestoreEnvironment environment;
  environment.disk = &disk;
  environment.logger = &logger;
  environment.new_database =
      [&](const std::string& path) -> base::Result<std::unique_ptr<backend::Backend>> {
    RETURN_IF_ERROR(disk.Open(path, runtime::OpenMode::kCreate).status());
    return backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  };
  server::Options options;
  options.data_dir = kDataDir;
  options.initial_cluster = {{"default", {"http://localhost:2380"}}};
  options.wal_segment_bytes = 4096;
  const base::Status restored = server::RestoreSnapshot(
      options, environment, {.snapshot = kFile, .skip_digest = true, .bump_revision = bump});
  CHECK(disk.Exists(kDataDir).value() == restored.ok());
  if (restored.ok()) CHECK(disk.Exists(std::string(kDataDir) + "/member/wal").value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::ByteView input(reinterpret_cast<const char*>(data), size);
  if (input.size() < 2) return 0;
  // Small ones, and those beyond all revisions.
  const auto bump_byte = static_cast<uint8_t>(input[0]);
  const uint64_t bump = bump_byte < 128 ? bump_byte : ~uint64_t{0} >> (bump_byte % 4);
  const base::ByteView word = input.substr(2, static_cast<uint8_t>(input[1]));
  input.remove_prefix(std::min(input.size(), 2 + word.size()));

  const auto model = fuzz::ModelOf(input);
  runtime::simulated::Disk disk(1);
  snap::testing::ModelSource source(&model);
  Write(disk, kFile, source);
  const auto target = utl::ParseTargetVersion(std::string(word));
  ChangeVersion(disk, model, target.ok() ? *target : members::Version{3, 5, 0});
  Restore(disk, bump);
  return 0;
}
