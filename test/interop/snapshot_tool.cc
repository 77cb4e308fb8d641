#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "runtime/posix/disk.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/snap/testing/model_source.h"

// Our side of the tests against etcd's tools and bbolt:
//
//   snapshot_tool dump FILE              the checked contents of a snapshot or database
//   snapshot_tool write FILE < DUMP      a snapshot of these contents
//
//   dump = { "bucket " name LF { key "=" value LF } }      in hex
//
// Prints what is wrong and exits with 1 if something is.

namespace {

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

base::Status Dump(const std::string& path) {
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const auto parts, snap::FindParts(*file));
  if (parts.has_digest) RETURN_IF_ERROR(snap::VerifyDigest(*file, path, parts));
  ASSIGN_OR_RETURN(const auto reader, snap::BboltReader::Open(file.get(), path, parts.image_bytes));
  RETURN_IF_ERROR(reader->Check());
  while (true) {
    ASSIGN_OR_RETURN(const auto bucket, reader->NextBucket());
    if (!bucket) return {};
    std::cout << "bucket " << Hex(*bucket) << '\n';
    while (true) {
      ASSIGN_OR_RETURN(const auto record, reader->NextRecord());
      if (!record) break;
      std::cout << Hex(record->key) << '=' << Hex(record->value) << '\n';
    }
  }
}

snap::testing::Model ReadDump() {
  constexpr std::string_view kBucket = "bucket ";
  snap::testing::Model model;
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
  const snap::testing::Model model = ReadDump();
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

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc == 3 ? argv[1] : "";
  base::Status status(base::Code::kInvalidArgument, "usage: snapshot_tool dump|write FILE");
  if (command == "dump") status = Dump(argv[2]);
  if (command == "write") status = Write(argv[2]);
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
