#include "utl/hashkv_command.h"

#include <filesystem>
#include <memory>
#include <string>

#include "offline/files.h"
#include "offline/image.h"
#include "storage/backend/memory_backend.h"
#include "storage/image/database_import.h"
#include "storage/mvcc/hasher.h"
#include "storage/schema/schema.h"
#include "utl/any_database.h"
#include "utl/kv_hash.h"
#include "utl/printer.h"

namespace utl {
namespace {

base::Result<mvcc::KeyValueHash> HashOfFile(offline::Files& files,
                                            const cli::Invocation& invocation) {
  const std::string& path = invocation.arguments.front();
  const base::Revision at(invocation.flags.GetInt("rev"));
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), path));
  if (std::filesystem::path(path).filename() == "db.mdb") {
    ASSIGN_OR_RETURN(const std::string member, MemberOf(path));
    ASSIGN_OR_RETURN(const offline::MemberDatabase opened,
                     offline::OpenMemberDatabaseToRead(files, member, invocation.flags));
    return HashOf(files, opened.database.get(), at);
  }
  ASSIGN_OR_RETURN(const auto image, offline::Image::Open(files, path, invocation.flags));
  const auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  RETURN_IF_ERROR(image::ImportDatabase(image->reader(), *database));
  return HashOf(files, database.get(), at);
}

}  // namespace

cli::Outcome RunHashKv(const cli::Invocation& invocation) {
  if (cli::Outcome outcome = CheckFormat(invocation); !outcome.ok()) return outcome;
  offline::Files files;
  const auto hash = HashOfFile(files, invocation);
  return hash.ok() ? Show(invocation, *hash) : offline::Failure(hash.status());
}

}  // namespace utl
