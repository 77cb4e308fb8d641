#include "dump/db_commands.h"

#include <charconv>
#include <cstdio>
#include <functional>

#include "base/go_text.h"
#include "cli/output.h"
#include "dump/bbolt_leaves.h"
#include "dump/database.h"
#include "dump/go_log.h"
#include "dump/lmdb_leaves.h"
#include "dump/proto_text.h"
#include "dump/record_text.h"
#include "offline/files.h"
#include "storage/image/database_hash.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"

namespace dump {
namespace {

void PrintLine(const cli::Invocation& invocation, const std::string& line) {
  cli::Write(invocation.out, line + "\n");
}

// Ends a command with what is wrong, if anything is.
cli::Outcome Ended(const cli::Invocation& invocation, const offline::Files& files,
                   const base::Status& status) {
  cli::Flush(invocation.out);
  if (status.ok()) return {};
  GoLog(&files.clock(), invocation.err).Print(std::string(status.message()));
  return cli::Failed(cli::kExitError, "");
}

base::Status RequireArguments(const cli::Invocation& invocation, size_t count) {
  const std::vector<std::string>& arguments = invocation.arguments;
  const bool is_right = count == 1 ? !arguments.empty() : arguments.size() == count;
  if (is_right) return {};
  return {base::Code::kInvalidArgument,
          (count == 1 ? "Must provide at least 1 argument (got ["
                      : "Must provide " + std::to_string(count) + " arguments (got [") +
              base::Join(arguments, " ") + "])"};
}

base::Result<std::unique_ptr<Database>> Open(offline::Files& files,
                                             const cli::Invocation& invocation) {
  ASSIGN_OR_RETURN(const std::string path, FindDatabase(files, invocation.arguments.front()));
  return OpenDatabase(files, path, invocation.flags);
}

base::Status ListBuckets(offline::Files& files, const cli::Invocation& invocation) {
  RETURN_IF_ERROR(RequireArguments(invocation, 1));
  ASSIGN_OR_RETURN(const auto database, Open(files, invocation));
  ASSIGN_OR_RETURN(const std::vector<std::string> buckets, database->Buckets());
  for (const std::string& bucket : buckets) PrintLine(invocation, bucket);
  return {};
}

base::Status IterateBucket(offline::Files& files, const cli::Invocation& invocation) {
  RETURN_IF_ERROR(RequireArguments(invocation, 2));
  ASSIGN_OR_RETURN(const auto database, Open(files, invocation));
  const std::string& bucket = invocation.arguments[1];
  ASSIGN_OR_RETURN(const bool is_there, database->StartBackward(bucket));
  if (!is_there) return {base::Code::kNotFound, "got nil bucket for " + bucket};
  const bool decodes = invocation.flags.GetBool("decode");
  const uint64_t limit = invocation.flags.GetUint("limit");
  uint64_t undecoded = 0;
  for (uint64_t count = 0; limit == 0 || count < limit; ++count) {
    ASSIGN_OR_RETURN(const auto record, database->Previous());
    if (!record.has_value()) break;
    std::optional<std::string> text;
    if (decodes) text = DecodedText(bucket, *record);
    if (decodes && !text.has_value()) ++undecoded;
    PrintLine(invocation, text.has_value() ? *text : RecordText(*record));
  }
  if (undecoded == 0) return {};
  return {base::Code::kDataLoss, std::to_string(undecoded) + " records are not what bucket " +
                                     bucket + " holds, and are shown as they are"};
}

base::Status Hash(offline::Files& files, const cli::Invocation& invocation) {
  RETURN_IF_ERROR(RequireArguments(invocation, 1));
  ASSIGN_OR_RETURN(const std::string path, FindDatabase(files, invocation.arguments.front()));
  ASSIGN_OR_RETURN(const auto database, OpenDatabase(files, path, invocation.flags));
  snap::Source& source = database->source();
  RETURN_IF_ERROR(source.Rewind());
  image::SourceHash hash(&source);
  while (true) {
    ASSIGN_OR_RETURN(const bool is_more, hash.Step());
    if (!is_more) break;
  }
  PrintLine(invocation, "db path: " + path + "\nHash: " + std::to_string(hash.hash()));
  return {};
}

// Tells what the leaves of a file hold of keys.
class KeyScan {
 public:
  KeyScan(const cli::Invocation& invocation, int64_t start)
      : invocation_(invocation), start_(start) {}

  LeafVisitor Visitor() {
    return {.on_record = [this](const LeafRecord& record) { return Show(record); },
            .on_damage = [this](const std::string& text) { Tell(text); }};
  }

 private:
  void Tell(const std::string& text) const {
    cli::Flush(invocation_.out);
    cli::Print(invocation_.err, text + "\n");
  }

  bool Show(const LeafRecord& record) const {
    const auto revision = mvcc::ParseRevisionKey(record.key);
    if (!revision.has_value()) {
      for (const std::string_view bucket : schema::kBucketNames) {
        if (record.key == bucket) return false;  // a page of the tree of buckets
      }
      Refuse(record, "not the key of a revision");
      return true;
    }
    if (start_ != 0 && revision->revision.main < start_) return true;
    const auto text = DecodedText("key", {record.key, record.value});
    if (!text.has_value()) {
      Refuse(record, "not a change of a key");
      return true;
    }
    PrintLine(invocation_, "pageID=" + std::to_string(record.page) +
                               ", index=" + std::to_string(record.index) + "/" +
                               std::to_string(record.last_index) + ", " + *text);
    return true;
  }

  void Refuse(const LeafRecord& record, const char* why) const {
    std::string hex;
    for (const char byte : record.key) {
      char digits[4];
      std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(uint8_t(byte)));
      hex += digits;
    }
    Tell("Decoding revision failed, pageID: " + std::to_string(record.page) +
         ", index: " + std::to_string(record.index) + ", key: " + hex + ", error: " + why);
  }

  const cli::Invocation& invocation_;
  const int64_t start_;
};

base::Result<int64_t> ParseRevision(const std::string& text) {
  int64_t revision = 0;
  const char* const begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(begin, end, revision);
  if (error == std::errc() && parsed == end) return revision;
  return base::Status(
      base::Code::kInvalidArgument,
      "strconv.ParseInt: parsing " + base::Quote(text) + ": " +
          (error == std::errc::result_out_of_range ? "value out of range" : "invalid syntax"));
}

base::Status ScanKeys(offline::Files& files, const cli::Invocation& invocation) {
  RETURN_IF_ERROR(RequireArguments(invocation, 2));
  ASSIGN_OR_RETURN(const std::string path, FindDatabase(files, invocation.arguments[0]));
  ASSIGN_OR_RETURN(const int64_t start, ParseRevision(invocation.arguments[1]));
  ASSIGN_OR_RETURN(const auto lock, offline::LockMemberOf(files, path, invocation.flags));
  ASSIGN_OR_RETURN(const auto file, files.disk().Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  KeyScan scan(invocation, start);
  const LeafVisitor visitor = scan.Visitor();
  return IsLmdb(*file) ? VisitLmdbLeaves(*file, bytes, visitor)
                       : VisitBboltLeaves(*file, bytes, visitor);
}

cli::Outcome Run(const cli::Invocation& invocation,
                 base::Status (*command)(offline::Files&, const cli::Invocation&)) {
  SilenceProtobuf();
  offline::Files files;
  return Ended(invocation, files, command(files, invocation));
}

}  // namespace

cli::Outcome RunListBucket(const cli::Invocation& invocation) {
  return Run(invocation, ListBuckets);
}
cli::Outcome RunIterateBucket(const cli::Invocation& invocation) {
  return Run(invocation, IterateBucket);
}
cli::Outcome RunScanKeys(const cli::Invocation& invocation) {
  return Run(invocation, ScanKeys);
}
cli::Outcome RunHash(const cli::Invocation& invocation) {
  return Run(invocation, Hash);
}

}  // namespace dump
