#include "utl/opening.h"

#include <string>
#include <utility>

#include "storage/backend/lmdb_backend.h"
#include "storage/schema/schema.h"

namespace utl {

Opening::Opening(offline::Files* files, std::FILE* err, const char* doing, Durability durability)
    : progress_(err, doing) {
  environment_.disk = &files->disk();
  environment_.apply_loop = &loop_;
  environment_.logger = &files->logger();
  environment_.registry = &registry_;
  environment_.on_import = [this](uint64_t done, uint64_t total) { progress_.Show(done, total); };
  environment_.open_backend = [files, durability](const std::string& path,
                                                  backend::OnDamage on_damage) {
    backend::LmdbOptions options;
    options.sync = durability == Durability::kEachCommit;
    options.on_damage = std::move(on_damage);
    return backend::OpenLmdbBackend(&files->disk(), path, schema::kBucketNames, options);
  };
}

}  // namespace utl
