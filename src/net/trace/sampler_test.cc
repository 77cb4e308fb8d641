#include "net/trace/sampler.h"

#include <gtest/gtest.h>

#include "runtime/random.h"

namespace trace {
namespace {

TraceId IdWith(uint64_t low) {
  TraceId id{};
  id[0] = 1;
  for (size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<uint8_t>(low >> 8 * i);
  return id;
}

TEST(SamplerTest, ATraceFromElsewhereIsAsItWasDecidedThere) {
  TraceContext parent;
  for (const int64_t rate : {0, 1, 1'000'000}) {
    const Sampler sampler(rate);
    parent.flags = kSampledFlag;
    EXPECT_TRUE(sampler.Samples(parent, IdWith(~uint64_t{0})));
    parent.flags = 0;
    EXPECT_FALSE(sampler.Samples(parent, IdWith(0)));
  }
}

TEST(SamplerTest, NoneAndAll) {
  EXPECT_FALSE(Sampler(0).Samples({}, IdWith(0)));
  EXPECT_FALSE(Sampler(0).BeginsTraces());
  EXPECT_TRUE(Sampler(1'000'000).Samples({}, IdWith(~uint64_t{0})));
}

TEST(SamplerTest, AnIdIsComparedWithTheShare) {
  const Sampler half(500'000);
  EXPECT_TRUE(half.BeginsTraces());
  EXPECT_TRUE(half.Samples({}, IdWith((uint64_t{1} << 63) - 1)));
  EXPECT_FALSE(half.Samples({}, IdWith(uint64_t{1} << 63)));
}

TEST(SamplerTest, OfManyTheShareIsTaken) {
  const Sampler sampler(100'000);
  runtime::Random random(1);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) taken += sampler.Samples({}, IdWith(random.Next())) ? 1 : 0;
  EXPECT_GT(taken, 9'500);
  EXPECT_LT(taken, 10'500);
}

}  // namespace
}  // namespace trace
