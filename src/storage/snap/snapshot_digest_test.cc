#include "storage/snap/snapshot_digest.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "runtime/simulated/disk.h"

namespace snap {
namespace {

class SnapshotDigestTest : public ::testing::Test {
 protected:
  SnapshotDigestTest() {
    auto created = disk_.Open("/snapshot", runtime::OpenMode::kCreate);
    file_ = std::move(created).value();
  }

  base::Status Verify(base::ByteView bytes) {
    RETURN_IF_ERROR(file_->Truncate(0));
    RETURN_IF_ERROR(file_->WriteAt(0, bytes));
    ASSIGN_OR_RETURN(const auto parts, FindParts(*file_));
    return VerifyDigest(*file_, "/snapshot", parts);
  }

  runtime::simulated::Disk disk_{1};
  std::unique_ptr<runtime::File> file_;
};

base::Bytes WithDigest(base::Bytes image) {
  SnapshotHasher hasher;
  hasher.Update(image);
  return image + hasher.Finish();
}

TEST_F(SnapshotDigestTest, TheDigestIsSha256HoweverTheBytesAreCut) {
  // FIPS 180-2, appendix B.1.
  const base::Bytes expected(
      "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
      "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad",
      kDigestBytes);
  SnapshotHasher whole;
  whole.Update("abc");
  EXPECT_EQ(whole.Finish(), expected);
  SnapshotHasher cut;
  for (const base::ByteView piece : {"a", "", "bc"}) cut.Update(piece);
  EXPECT_EQ(cut.Finish(), expected);
}

TEST_F(SnapshotDigestTest, AnImageOfSeveralReadsIsVerified) {
  EXPECT_TRUE(Verify(WithDigest(base::Bytes(512 * 2000, 'x'))).ok());
}

TEST_F(SnapshotDigestTest, EveryFlippedByteIsNoticed) {
  const base::Bytes good = WithDigest(base::Bytes(1024, 'x'));
  ASSERT_TRUE(Verify(good).ok());
  for (size_t offset = 0; offset < good.size(); ++offset) {
    base::Bytes bytes = good;
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
    const auto status = Verify(bytes);
    EXPECT_EQ(status.code(), base::Code::kDataLoss);
    EXPECT_TRUE(status.message().starts_with("expected sha256 "));
  }
}

TEST_F(SnapshotDigestTest, ADatabaseCopiedAsItIsHasNoDigest) {
  ASSERT_TRUE(file_->WriteAt(0, base::Bytes(4096, 'x')).ok());
  auto parts = FindParts(*file_);
  EXPECT_FALSE(parts->has_digest);
  EXPECT_EQ(parts->image_bytes, 4096u);
  ASSERT_TRUE(file_->WriteAt(4096, base::Bytes(kDigestBytes, 'd')).ok());
  parts = FindParts(*file_);
  EXPECT_TRUE(parts->has_digest);
  EXPECT_EQ(parts->image_bytes, 4096u);
}

}  // namespace
}  // namespace snap
