#include "storage/backend/lmdb_backend.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/lmdb_page.h"

namespace backend {
namespace {

constexpr std::array<std::string_view, 1> kBuckets = {"key"};

class LmdbBackendTest : public ::testing::Test {
 protected:
  LmdbBackendTest() : directory_(::testing::TempDir() + "lmdb-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~LmdbBackendTest() override { disk_.RemoveAll(directory_).IgnoreError(); }
  std::string path() const { return directory_ + "/db.mdb"; }
  base::Result<std::unique_ptr<Backend>> Open(uint64_t map_bytes = 1 << 28) {
    return OpenLmdbBackend(&disk_, path(), kBuckets, {.map_bytes = map_bytes});
  }

  runtime::posix::Disk disk_;
  std::string directory_;
};

std::string NumberKey(uint64_t number) {
  char bytes[8];
  base::Store64Be(bytes, number);
  return {bytes, sizeof bytes};
}

#if defined(__SANITIZE_THREAD__)
constexpr bool kFaultsAreIntercepted = true;
#else
constexpr bool kFaultsAreIntercepted = false;
#endif

TEST_F(LmdbBackendTest, AnotherTakesItsPlaceUnderWhoReadsIt) {
  const auto named = [](const std::string& value) {
    Batch batch;
    batch.Put(0, "key", value);
    return batch;
  };
  const auto value = [](Backend& backend) {
    return std::string(*std::move((*backend.NewReader())->Get(0, "key")).value());
  };
  const std::string other = directory_ + "/other.mdb";
  auto replaced = std::move(Open()).value();
  ASSERT_TRUE(replaced->Commit(named("replaced")).ok());
  {
    auto received = std::move(OpenLmdbBackend(&disk_, other, kBuckets, {})).value();
    ASSERT_TRUE(received->Commit(named("received")).ok());
  }
  replaced->GiveUpName();
  ASSERT_TRUE(MoveLmdbDatabase(disk_, other, path()).ok());
  const auto in_place = std::move(Open()).value();
  EXPECT_EQ(value(*in_place), "received");
  EXPECT_EQ(value(*replaced), "replaced");
  // Each goes on by itself.
  ASSERT_TRUE(replaced->Commit(named("lost")).ok());
  ASSERT_TRUE(in_place->Commit(named("kept")).ok());
  EXPECT_EQ(value(*replaced), "lost");
  replaced.reset();
  EXPECT_EQ(value(*in_place), "kept");
  EXPECT_EQ(*disk_.List(directory_), (std::vector<std::string>{"db.mdb", "db.mdb-lock"}));
}

TEST_F(LmdbBackendTest, AFullMapIsReportedAndTheBatchLeavesNoTrace) {
  auto backend = Open(1 << 20);
  ASSERT_TRUE(backend.ok());
  Batch batch;
  batch.Put(0, "small", "value");
  ASSERT_TRUE(backend.value()->Commit(batch).ok());
  batch.Put(0, "other", "value");
  batch.Put(0, "large", std::string(2 << 20, 'v'));
  EXPECT_EQ(backend.value()->Commit(batch).code(), base::Code::kOutOfRange);
  const auto reader = backend.value()->NewReader();
  EXPECT_FALSE(reader.value()->Get(0, "other")->has_value());
  EXPECT_TRUE(reader.value()->Get(0, "small")->has_value());
}

TEST_F(LmdbBackendTest, AWriteThatFailsIsNamedAndTheBatchLeavesNoTrace) {
  auto backend = std::move(Open()).value();
  Batch first;
  first.Put(0, "key", "before");
  ASSERT_TRUE(backend->Commit(first).ok());
  Batch large;
  large.Put(0, "key", "after");
  large.Put(0, "large", std::string(4 << 20, 'v'));
  // As on a full disk: no file may grow past this.
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit tight{1 << 20, limit.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const base::Status status = backend->Commit(large);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.message(), path() + ": file too large");
  EXPECT_EQ(*backend->NewReader().value()->Get(0, "key"), "before");
  ASSERT_TRUE(backend->Commit(large).ok());
  backend.reset();
  backend = std::move(Open()).value();
  EXPECT_EQ(*backend->NewReader().value()->Get(0, "key"), "after");
}

TEST_F(LmdbBackendTest, ADamagedRecordIsNamed) {
  auto backend = Open();
  Batch batch;
  batch.Put(0, "the key", "the needle in the file");
  ASSERT_TRUE(backend.value()->Commit(batch).ok());
  const auto bytes = runtime::ReadFile(disk_, path());
  ASSERT_TRUE(bytes.ok());
  auto file = disk_.Open(path(), runtime::OpenMode::kWrite);
  for (size_t at = bytes->find("needle"); at != std::string::npos;
       at = bytes->find("needle", at + 1)) {
    ASSERT_TRUE(file.value()->WriteAt(at, "noodle").ok());
  }
  auto reader = std::move(backend.value()->NewReader()).value();
  const base::Status status = reader->Get(0, "the key").status();
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
  EXPECT_EQ(status.message(), path() + ": bucket key, key 746865206b6579: checksum mismatch");
  EXPECT_FALSE(reader->NewCursor(0)->Seek("").ok());
  reader.reset();
  backend.value().reset();
  const base::Status refused = Open().status();
  EXPECT_EQ(refused.code(), base::Code::kDataLoss);
  EXPECT_EQ(refused.message().find(path() + ": damaged page "), 0u) << refused.message();
}

TEST_F(LmdbBackendTest, AFileThatIsNoDatabaseIsRefused) {
  {
    auto file = disk_.Open(path(), runtime::OpenMode::kCreate);
    ASSERT_TRUE(file.value()->WriteAt(0, std::string(8192, 'x')).ok());
  }
  EXPECT_EQ(Open().status().code(), base::Code::kDataLoss);
}

// Files may have so many bytes at most while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

TEST_F(LmdbBackendTest, ADatabaseIsMadeWholeOrNotAtAll) {
  const LmdbOptions options{.map_bytes = 1 << 28, .readers_max = kReservedReaders + 1};
  int failed = 0;
  bool made = false;
  for (rlim_t limit = 0; !made; limit += 2048) {
    {
      const FileSizeLimit few(limit);
      made = OpenLmdbBackend(&disk_, path(), kBuckets, options).ok();
    }
    if (!made) {
      EXPECT_TRUE(disk_.List(directory_).value().empty()) << limit;
    }
    failed += made ? 0 : 1;
    ASSERT_TRUE(OpenLmdbBackend(&disk_, path(), kBuckets, options).ok()) << limit;
    if (!made) {
      ASSERT_TRUE(disk_.RemoveAll(directory_).ok());
    }
    ASSERT_TRUE(disk_.CreateDirectories(directory_).ok());
  }
  EXPECT_GE(failed, 3);
}

TEST_F(LmdbBackendTest, AnUnreachablePathIsNamed) {
  const auto backend = OpenLmdbBackend(&disk_, directory_ + "/no/db.mdb", kBuckets);
  EXPECT_EQ(backend.status().code(), base::Code::kNotFound);
  EXPECT_NE(backend.status().message().find("/no/db.mdb"), std::string::npos);
}

// Of pages of files that are in this process's memory.
uint64_t ResidentFileBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size = 0, resident = 0, shared = 0;
  statm >> size >> resident >> shared;
  return shared * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(LmdbBackendTest, AScanLetsThePagesBehindItGo) {
  auto backend = Open();
  Batch batch;
  constexpr uint64_t kRecords = 20'000;
  for (uint64_t number = 1; number <= kRecords; ++number) {
    batch.Put(0, NumberKey(number), std::string(1900, 'v'));
  }
  ASSERT_TRUE(backend.value()->Commit(batch).ok());
  const auto reader = std::move(backend.value()->NewReader()).value();
  const auto cursor = reader->NewCursor(0);
  ASSERT_TRUE(cursor->Seek({}).ok());
  const base::ByteView first = cursor->value();
  while (cursor->valid()) ASSERT_TRUE(cursor->Next().ok());
  const uint64_t before = ResidentFileBytes();
  cursor->DropPassed();
  EXPECT_LT(ResidentFileBytes() + (30 << 20), before);
  EXPECT_EQ(first, std::string(1900, 'v'));
  ASSERT_TRUE(cursor->Seek(NumberKey(kRecords)).ok());
  EXPECT_EQ(cursor->value(), first);
}

// The file loses its end while it is open: what lies there cannot be read any more.
TEST_F(LmdbBackendTest, AFileThatIsCutShortWhileItIsOpenIsNamed) {
  if (kFaultsAreIntercepted) GTEST_SKIP() << "the thread sanitizer takes the signals itself";
  auto backend = std::move(Open()).value();
  constexpr uint64_t kRecords = 2000;
  Batch batch;
  for (uint64_t number = 1; number <= kRecords; ++number) {
    batch.Put(0, NumberKey(number), std::string(1000, 'v'));
  }
  ASSERT_TRUE(backend->Commit(batch).ok());
  const auto reader = std::move(backend->NewReader()).value();
  const auto borrowed = reader->Get(0, NumberKey(1));
  ASSERT_TRUE(borrowed.ok() && borrowed->has_value());
  ASSERT_EQ(::truncate(path().c_str(), 8192), 0);
  for (uint64_t number = 1; number <= kRecords; ++number) {
    ASSERT_EQ(reader->Get(0, NumberKey(number)).status().code(), base::Code::kDataLoss);
  }
  const auto cursor = reader->NewCursor(0);
  EXPECT_EQ(cursor->Seek({}).code(), base::Code::kDataLoss);
  EXPECT_EQ(cursor->SeekToLast().code(), base::Code::kDataLoss);
  // What was borrowed is zeros now, and nothing is believed any more.
  EXPECT_EQ(**borrowed, std::string(1000, '\0'));
  EXPECT_EQ(reader->Get(0, "none").status().code(), base::Code::kDataLoss);
  const base::Status committed = backend->Commit(batch);
  EXPECT_EQ(committed.code(), base::Code::kDataLoss);
  EXPECT_NE(committed.message().find(path()), std::string::npos) << committed.message();
  EXPECT_EQ(backend->Commit(batch).code(), base::Code::kDataLoss);
  EXPECT_EQ(backend->Defragment([](uint64_t) { return true; }).code(), base::Code::kDataLoss);
}

// Pages are damaged under a database that is open: each answer is right or an error.
// LMDB gives up a transaction that met damage; whoever shares the reader asks it all the same.
TEST_F(LmdbBackendTest, AfterDamageAReaderAnswersAllWithIt) {
  constexpr uint64_t kPageBytes = 4096;
  auto backend = std::move(Open()).value();
  Batch batch;
  for (uint64_t number = 1; number <= 500; ++number) {
    batch.Put(0, NumberKey(number), std::string(100, 'v'));
  }
  ASSERT_TRUE(backend->Commit(batch).ok());
  const base::Bytes bytes = *runtime::ReadFile(disk_, path());
  auto file = disk_.Open(path(), runtime::OpenMode::kWrite).value();
  for (uint64_t page = 2 * kPageBytes; page < bytes.size(); page += kPageBytes) {
    const lmdb::PageHead head(base::ByteView(bytes).substr(page, kPageBytes));
    if (head.flags != lmdb::kBranch) continue;
    // Each node leads far behind the last page.
    for (uint64_t at = lmdb::kPageHeaderBytes; at < head.lower; at += 2) {
      const uint64_t node = page + lmdb::Load16Le(bytes.data() + page + at);
      ASSERT_TRUE(file->WriteAt(node, "\xff\xff\xff\x0f").ok());
    }
  }
  const auto reader = std::move(backend->NewReader()).value();
  EXPECT_EQ(reader->Get(0, NumberKey(7)).status().code(), base::Code::kDataLoss);
  const auto cursor = reader->NewCursor(0);
  EXPECT_EQ(cursor->Seek({}).code(), base::Code::kDataLoss);
  EXPECT_FALSE(cursor->valid());
  EXPECT_EQ(reader->Get(0, NumberKey(7)).status().code(), base::Code::kDataLoss);
}

TEST_F(LmdbBackendTest, AnOlderCopyThatIsWrittenOverItWhileItIsOpenIsNamed) {
  const auto backend = std::move(Open()).value();
  const auto commit = [&backend](const std::string& key) {
    Batch batch;
    batch.Put(0, key, "value");
    return backend->Commit(batch);
  };
  // Of its two meta pages either may be the newer one.
  for (const int commits : {1, 2}) {
    const base::Bytes copy = *runtime::ReadFile(disk_, path());
    for (int i = 0; i < commits; ++i) ASSERT_TRUE(commit("key" + std::to_string(i)).ok());
    const base::Bytes newest = *runtime::ReadFile(disk_, path());
    const auto file = *disk_.Open(path(), runtime::OpenMode::kWrite);
    ASSERT_TRUE(file->WriteAt(0, copy).ok());
    const base::Status status = commit("another");
    EXPECT_EQ(status.code(), base::Code::kDataLoss);
    EXPECT_NE(status.message().find(path() + ": its last transaction is "), std::string::npos)
        << status.message();
    ASSERT_TRUE(file->WriteAt(0, newest).ok());
    ASSERT_TRUE(commit("another").ok());
  }
}

TEST_F(LmdbBackendTest, AFlippedBitWhileItIsOpenIsAnErrorOrWithoutEffect) {
  if (kFaultsAreIntercepted) GTEST_SKIP() << "the thread sanitizer takes the signals itself";
  constexpr uint64_t kRecords = 500;
  constexpr uint64_t kPageBytes = 4096;
  constexpr uint64_t kSeed = 5;
  const char* configured = std::getenv("CORNERSTORE_DATABASE_FLIPS");
  const int flips = configured == nullptr ? 60 : std::atoi(configured);
  {
    auto backend = std::move(Open()).value();
    for (uint64_t number = 1; number <= kRecords; ++number) {
      Batch batch;
      batch.Put(0, NumberKey(number), std::string(number % 500, 'v'));
      if (number % 100 == 0) batch.Put(0, NumberKey(number), std::string(9000, 'v'));
      ASSERT_TRUE(backend->Commit(batch).ok());
    }
  }
  const base::Bytes original = *runtime::ReadFile(disk_, path());
  runtime::Random random(kSeed);
  int errors = 0;
  for (int flip = 0; flip < flips; ++flip) {
    const uint64_t offset =
        (2 + random.Below(original.size() / kPageBytes - 2)) * kPageBytes + random.Below(64);
    const uint64_t bit = random.Below(8);
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", offset " + std::to_string(offset) + ", bit " +
                 std::to_string(bit));
    ASSERT_TRUE(disk_.RemoveAll(path()).ok());
    auto file = disk_.Open(path(), runtime::OpenMode::kCreate).value();
    ASSERT_TRUE(file->WriteAt(0, original).ok());
    auto backend = std::move(Open()).value();
    const char damaged = static_cast<char>(original[offset] ^ (1 << bit));
    ASSERT_TRUE(file->WriteAt(offset, base::ByteView(&damaged, 1)).ok());
    const auto reader = std::move(backend->NewReader()).value();
    for (uint64_t number = 1; number <= kRecords; ++number) {
      const auto value = reader->Get(0, NumberKey(number));
      if (!value.ok()) {
        ASSERT_EQ(value.status().code(), base::Code::kDataLoss);
        ++errors;
      } else if (value->has_value()) {
        ASSERT_EQ((*value)->size(), number % 100 == 0 ? 9000 : number % 500);
      }
    }
    const auto cursor = reader->NewCursor(0);
    base::Status status = cursor->Seek({});
    uint64_t seen = 0;
    while (status.ok() && cursor->valid() && seen++ < 2 * kRecords) status = cursor->Next();
  }
  EXPECT_GT(errors, flips / 8);
}

// Commits batches until it is killed, and says after each how far it came. Batch n puts record n
// and replaces the record "last".
[[noreturn]] void CommitUntilKilled(Backend& backend, uint64_t first, int acknowledgements) {
  for (uint64_t number = first;; ++number) {
    Batch batch;
    batch.Put(0, NumberKey(number), std::string(number % 3000, 'v'));
    batch.Put(0, "last", NumberKey(number));
    if (!backend.Commit(batch).ok()) ::_exit(1);
    if (::write(acknowledgements, &number, sizeof number) != sizeof number) ::_exit(1);
  }
}

// Kills the child after `acknowledgements` of them, whatever it is doing then; what it said last.
uint64_t RunChildAndKillIt(const std::string& path, uint64_t first, uint64_t acknowledgements) {
  int channel[2];
  EXPECT_EQ(::pipe(channel), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    runtime::posix::Disk disk;
    auto backend = OpenLmdbBackend(&disk, path, kBuckets, {.map_bytes = 1 << 28});
    if (!backend.ok()) ::_exit(1);
    CommitUntilKilled(**backend, first, channel[1]);
  }
  ::close(channel[1]);
  uint64_t last = 0;
  uint64_t number = 0;
  const auto read_one = [&] {
    const bool read = ::read(channel[0], &number, sizeof number) == sizeof number;
    if (read) last = number;
    return read;
  };
  for (uint64_t i = 0; i < acknowledgements; ++i) EXPECT_TRUE(read_one());
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  while (read_one()) {
  }
  ::close(channel[0]);
  return last;
}

TEST_F(LmdbBackendTest, NothingCommittedIsLostByKillingTheProcess) {
  const char* configured = std::getenv("CORNERSTORE_LMDB_KILLS");
  const int kills = configured == nullptr ? 10 : std::atoi(configured);
  runtime::Random random(11);
  uint64_t next = 1;
  for (int kill = 0; kill < kills; ++kill) {
    const uint64_t acknowledged = RunChildAndKillIt(path(), next, random.Between(1, 30));
    auto backend = Open();
    ASSERT_TRUE(backend.ok()) << backend.status().ToString();
    auto reader = std::move(backend.value()->NewReader()).value();
    const auto last = reader->Get(0, "last");
    ASSERT_TRUE(last.ok() && last->has_value());
    const uint64_t committed = base::Load64Be((*last)->data());
    ASSERT_GE(committed, acknowledged);
    ASSERT_LE(committed, acknowledged + 1);
    for (uint64_t number = 1; number <= committed; ++number) {
      const auto value = reader->Get(0, NumberKey(number));
      ASSERT_TRUE(value.ok() && value->has_value()) << number;
      ASSERT_EQ((*value)->size(), number % 3000);
    }
    ASSERT_FALSE(reader->Get(0, NumberKey(committed + 1))->has_value());
    next = committed + 1;
  }
}

}  // namespace
}  // namespace backend
