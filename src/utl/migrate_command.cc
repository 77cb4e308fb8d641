#include "utl/migrate_command.h"

#include <optional>
#include <string>
#include <vector>

#include "offline/files.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "utl/etcd_database.h"
#include "utl/storage_version.h"

namespace utl {
namespace {

using members::Version;
using runtime::JoinPath;

std::string ShortText(const Version& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

// A database whose storage version is to be another one.
class Migration {
 public:
  Migration(const observe::Logger& logger, const Version& target, bool is_forced)
      : logger_(logger), target_(target), is_forced_(is_forced) {}

  // Whether something is to be written: `new_text`, or nothing any more.
  base::Result<bool> Decide(const VersionMarks& marks) const {
    const auto current = DetectVersion(marks);
    if (!current.ok()) {
      logger_.Error(
          "failed to detect storage version. Please make sure you are using data dir from etcd "
          "v3.5 and older");
      return current.status();
    }
    if (*current == target_) {
      logger_.Info("storage version up-to-date", {{"storage-version", ShortText(*current)}});
      return false;
    }
    const auto steps = PlanMigration(*current, target_);
    if (!steps.ok() && !is_forced_) return steps.status();
    if (!steps.ok()) {
      logger_.Info("normal migrate failed, trying with force",
                   {{"error", steps.status().message()}});
    }
    return true;
  }
  std::optional<std::string> new_text() const { return StoredText(target_); }

  // After it was written.
  void Tell(const VersionMarks& marks) const {
    const auto steps = PlanMigration(*DetectVersion(marks), target_);
    if (steps.ok()) {
      for (const Version& step : *steps) {
        logger_.Info("updated storage version", {{"new-storage-version", step.ToString()}});
      }
    } else if (new_text().has_value()) {
      logger_.Warn("forcefully set storage version", {{"storage-version", ShortText(target_)}});
    } else {
      logger_.Warn("forcefully cleared storage version");
    }
  }

 private:
  const observe::Logger& logger_;
  const Version target_;
  const bool is_forced_;
};

base::Status MigrateOurs(const Migration& migration, backend::Backend& database) {
  VersionMarks marks;
  {
    ASSIGN_OR_RETURN(const auto reader, database.NewReader());
    ASSIGN_OR_RETURN(const auto text,
                     reader->Get(Id(schema::Bucket::kMeta), schema::kStorageVersion));
    if (text.has_value()) marks.storage = members::ParseVersion(*text);
    ASSIGN_OR_RETURN(const auto covered, schema::ReadConsistentIndex(*reader));
    marks.has_term = covered.term != base::Term();
  }
  ASSIGN_OR_RETURN(const bool is_needed, migration.Decide(marks));
  if (!is_needed) return {};
  backend::Batch batch;
  if (const auto text = migration.new_text(); text.has_value()) {
    batch.Put(Id(schema::Bucket::kMeta), schema::kStorageVersion, *text);
  } else {
    batch.Delete(Id(schema::Bucket::kMeta), schema::kStorageVersion);
  }
  RETURN_IF_ERROR(database.Commit(batch));
  migration.Tell(marks);
  return {};
}

base::Status MigrateEtcds(const Migration& migration, EtcdDatabase& database) {
  ASSIGN_OR_RETURN(const VersionMarks marks, ReadVersionMarks(database.source()));
  ASSIGN_OR_RETURN(const bool is_needed, migration.Decide(marks));
  if (!is_needed) return {};
  WithStorageVersion migrated(&database.source(), migration.new_text());
  RETURN_IF_ERROR(database.ReplaceBy(migrated));
  migration.Tell(marks);
  return {};
}

base::Status Migrate(const cli::Flags& flags, const Version& target) {
  offline::Files files;
  const Migration migration(files.logger(), target, flags.GetBool("force"));
  const std::string member = JoinPath(flags.GetString("data-dir"), "member");
  const std::string snap = JoinPath(member, "snap");
  ASSIGN_OR_RETURN(const bool is_ours, files.disk().Exists(JoinPath(snap, "db.mdb")));
  if (is_ours) {
    ASSIGN_OR_RETURN(const offline::MemberDatabase opened,
                     offline::OpenMemberDatabase(files, member, flags));
    return MigrateOurs(migration, *opened.database);
  }
  ASSIGN_OR_RETURN(const auto etcds, EtcdDatabase::Open(files, JoinPath(snap, "db"), flags));
  return MigrateEtcds(migration, *etcds);
}

}  // namespace

cli::Outcome RunMigrate(const cli::Invocation& invocation) {
  const auto target = ParseTargetVersion(invocation.flags.GetString("target-version"));
  if (!target.ok()) {
    return cli::Failed(cli::kExitBadArguments, std::string(target.status().message()));
  }
  return offline::Failure(Migrate(invocation.flags, *target));
}

}  // namespace utl
