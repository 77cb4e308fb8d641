#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "runtime/asio/loop.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/workers.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/image/database_hash.h"
#include "storage/image/snapshot_stream.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/snap/testing/model_source.h"

// Our side of the tests against etcd's tools and bbolt:
//
//   snapshot_tool dump FILE              the checked contents of a snapshot or database
//   snapshot_tool hash FILE              what Maintenance.Hash answers for these contents
//   snapshot_tool hashkv FILE < LIST     what Maintenance.HashKV answers at each revision of a
//   list:
//                                        revision, compact revision and hash, a line each
//   snapshot_tool write FILE < DUMP      a snapshot of these contents
//   snapshot_tool stream FILE < DUMP     the same, streamed from our database in FILE.mdb
//
//   dump = { "bucket " name LF { key "=" value LF } }      in hex
//
// Prints what is wrong and exits with 1 if something is.

namespace {

using snap::testing::Model;

std::string Hex(base::ByteView bytes) {
  std::string text;
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    text += digits;
  }
  return text;
}

std::string FromHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

base::Result<Model> ReadSnapshot(const std::string& path) {
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const auto parts, snap::FindParts(*file));
  if (parts.has_digest) RETURN_IF_ERROR(snap::VerifyDigest(*file, path, parts));
  ASSIGN_OR_RETURN(const auto reader, snap::BboltReader::Open(file.get(), path, parts.image_bytes));
  RETURN_IF_ERROR(reader->Check());
  return snap::testing::Contents(*reader);
}

base::Status Dump(const std::string& path) {
  ASSIGN_OR_RETURN(const Model model, ReadSnapshot(path));
  for (const auto& [bucket, records] : model) {
    std::cout << "bucket " << Hex(bucket) << '\n';
    for (const auto& [key, value] : records) std::cout << Hex(key) << '=' << Hex(value) << '\n';
  }
  return {};
}

base::Status Fill(backend::Backend& database, const Model& model) {
  backend::Batch batch;
  for (const auto& [name, records] : model) {
    const auto* const bucket =
        std::find(schema::kBucketNames.begin(), schema::kBucketNames.end(), name);
    CHECK(bucket != schema::kBucketNames.end());
    const auto id = static_cast<backend::BucketId>(bucket - schema::kBucketNames.begin());
    for (const auto& [key, value] : records) batch.Put(id, key, value);
  }
  return database.Commit(batch);
}

base::Status PrintHash(const std::string& path) {
  ASSIGN_OR_RETURN(const Model model, ReadSnapshot(path));
  const auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  RETURN_IF_ERROR(Fill(*database, model));
  ASSIGN_OR_RETURN(auto reader, database->NewReader());
  image::DatabaseHash hash(std::move(reader));
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, hash.Step());
  }
  std::cout << hash.hash() << '\n';
  return {};
}

base::Status PrintKvHashes(const std::string& path) {
  ASSIGN_OR_RETURN(const Model model, ReadSnapshot(path));
  const auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  RETURN_IF_ERROR(Fill(*database, model));
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  const runtime::posix::Clock clock;
  ASSIGN_OR_RETURN(const auto store, mvcc::Store::Open(database.get(), &buffer, &clock, {},
                                                       [](base::ByteView, base::LeaseId) {}));
  mvcc::Reads reads(store.get());
  for (int64_t revision = 0; std::cin >> revision;) {
    ASSIGN_OR_RETURN(const auto hash, reads.HashKv(base::Revision(revision)));
    std::cout << hash.revision << ' ' << hash.compact_revision << ' ' << hash.hash << '\n';
  }
  return {};
}

Model ReadDump() {
  constexpr std::string_view kBucket = "bucket ";
  Model model;
  std::map<std::string, std::string>* records = nullptr;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with(kBucket)) {
      records = &model[FromHex(line.substr(kBucket.size()))];
      continue;
    }
    CHECK(records != nullptr);
    const size_t equals = line.find('=');
    (*records)[FromHex(line.substr(0, equals))] = FromHex(line.substr(equals + 1));
  }
  return model;
}

base::Status Write(const std::string& path) {
  const Model model = ReadDump();
  snap::testing::ModelSource source(&model);
  ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source));
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kCreateOrTruncate));
  snap::SnapshotHasher hasher;
  uint64_t offset = 0;
  RETURN_IF_ERROR(snap::WriteBbolt(source, layout, [&](base::ByteView bytes) {
    hasher.Update(bytes);
    offset += bytes.size();
    return file->WriteAt(offset - bytes.size(), bytes);
  }));
  return file->WriteAt(offset, hasher.Finish());
}

// Writes what a stream has to a file, on a loop that stops when that is done.
class Receiver {
 public:
  Receiver(runtime::asio::Loop* loop, std::unique_ptr<runtime::File> file)
      : loop_(*loop), file_(std::move(file)) {}

  void Start(std::unique_ptr<backend::Reader> reader, runtime::Disk* disk,
             runtime::Workers* workers, const std::string& spool_path) {
    auto stream = image::SnapshotStream::Start(std::move(reader), disk, workers, &loop_,
                                               {.spool_path = spool_path}, [this] { TakeAll(); });
    CHECK(stream.ok());
    stream_ = std::move(stream).value();
    TakeAll();
  }
  const base::Status& outcome() const { return outcome_; }

 private:
  using State = image::SnapshotStream::State;

  void TakeAll() {
    base::Bytes chunk;
    while (true) {
      const auto state = stream_->Take(&chunk);
      outcome_ = state.status();
      if (state.ok() && *state == State::kNothing) return;
      if (!state.ok() || *state == State::kEnd) break;
      outcome_ = file_->WriteAt(offset_, chunk);
      if (!outcome_.ok()) break;
      offset_ += chunk.size();
    }
    loop_.Stop();
  }

  runtime::asio::Loop& loop_;
  const std::unique_ptr<runtime::File> file_;
  std::unique_ptr<image::SnapshotStream> stream_;
  uint64_t offset_ = 0;
  base::Status outcome_;
};

base::Status Stream(const std::string& path) {
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const auto database,
                   backend::OpenLmdbBackend(&disk, path + ".mdb", schema::kBucketNames));
  RETURN_IF_ERROR(Fill(*database, ReadDump()));
  ASSIGN_OR_RETURN(auto reader, database->NewReader());
  ASSIGN_OR_RETURN(auto file, disk.Open(path, runtime::OpenMode::kCreateOrTruncate));
  runtime::asio::Loop loop;
  runtime::posix::Workers workers("snapshot", 1, 1);
  Receiver receiver(&loop, std::move(file));
  loop.Post([&] { receiver.Start(std::move(reader), &disk, &workers, path + ".spool"); });
  loop.Run();
  return receiver.outcome();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc == 3 ? argv[1] : "";
  base::Status status(base::Code::kInvalidArgument,
                      "usage: snapshot_tool dump|hash|hashkv|write|stream FILE");
  if (command == "dump") status = Dump(argv[2]);
  if (command == "hashkv") status = PrintKvHashes(argv[2]);
  if (command == "hash") status = PrintHash(argv[2]);
  if (command == "stream") status = Stream(argv[2]);
  if (command == "write") status = Write(argv[2]);
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
