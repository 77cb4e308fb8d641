#include "base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "base/errors.h"
#include "base/result.h"

namespace base {
namespace {

static_assert(sizeof(Status) == sizeof(void*));

Result<int> Half(int number) {
  if (number % 2 != 0) return Status(Code::kInvalidArgument, "odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  ASSIGN_OR_RETURN(const int half, Half(number));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Result<std::unique_ptr<int>> Compacted() {
  return errors::kCompacted;
}

Status CheckEven(int number) {
  RETURN_IF_ERROR(Half(number).status());
  return {};
}

TEST(StatusTest, CarriesCodeAndTextThroughCopies) {
  const Status original = errors::kLeaseNotFound;
  Status copy = original;
  Status moved = std::move(copy);
  copy = moved;
  EXPECT_EQ(copy, original);
  EXPECT_TRUE(copy == errors::kLeaseNotFound);
  EXPECT_FALSE(copy == errors::kMemberNotFound);
  EXPECT_EQ(copy.ToString(), "NotFound: etcdserver: requested lease not found");
  EXPECT_EQ(Status().ToString(), "OK");
}

TEST(StatusTest, NamesTheSubjectOfAnOperatingSystemError) {
  const Status status = ErrnoStatus(ENOENT, "member/wal");
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_EQ(status.message(), "member/wal: no such file or directory");
  EXPECT_EQ(ErrnoStatus(ENOSPC, "x").code(), Code::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus(EIO, "x").code(), Code::kUnavailable);
}

TEST(ResultTest, ReturnsTheFirstFailure) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_FALSE(CheckEven(3).ok());
  EXPECT_TRUE(CheckEven(4).ok());
  EXPECT_TRUE(Compacted().status() == errors::kCompacted);
}

TEST(ResultDeathTest, RefusesTheValueOfAFailure) {
  EXPECT_DEATH((void)Half(3).value(), "check failed");
}

TEST(CheckDeathTest, PrintsBothSides) {
  const int left = 3;
  EXPECT_DEATH(CHECK_EQ(left, 4), "left == 4 \\(3 against 4\\)");
}

}  // namespace
}  // namespace base
