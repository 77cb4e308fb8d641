#include "utl/hashkv_command.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "offline/files.h"
#include "offline/image.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/image/database_import.h"
#include "storage/mvcc/reads.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"
#include "utl/any_database.h"
#include "utl/printer.h"

namespace utl {
namespace {

base::Result<mvcc::KeyValueHash> HashOf(offline::Files& files, backend::Backend* database,
                                        base::Revision at) {
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  ASSIGN_OR_RETURN(const auto store, mvcc::Store::Open(database, &buffer, &files.clock(), {},
                                                       [](base::ByteView, base::LeaseId) {}));
  mvcc::Reads reads(store.get());
  const auto hash = reads.HashKv(at);
  // What a member says of a revision, without saying that it is one.
  constexpr std::string_view kMember = "etcdserver: ";
  const std::string_view why = hash.status().message();
  if (hash.ok() || !why.starts_with(kMember)) return hash;
  return base::Status(hash.status().code(), why.substr(kMember.size()));
}

base::Result<mvcc::KeyValueHash> HashOfFile(offline::Files& files,
                                            const cli::Invocation& invocation) {
  const std::string& path = invocation.arguments.front();
  const base::Revision at(invocation.flags.GetInt("rev"));
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), path));
  if (std::filesystem::path(path).filename() == "db.mdb") {
    ASSIGN_OR_RETURN(const std::string member, MemberOf(path));
    ASSIGN_OR_RETURN(const offline::MemberDatabase opened,
                     offline::OpenMemberDatabase(files, member, invocation.flags));
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
