#include "observe/profile.h"

#include <gtest/gtest.h>

namespace observe {
namespace {

using namespace std::string_literals;

TEST(ProfileTest, IsEncodedAsPprofHasIt) {
  Profile profile;
  profile.types = {{"t", "u"}};
  profile.period_type = {"t", "u"};
  profile.period = 3;
  profile.time_nanos = 4;
  profile.duration_nanos = 5;
  profile.mappings = {{.start = 16, .limit = 32, .offset = 1, .file = "f"}};
  profile.samples = {{{17, 64}, {2}}, {{17}, {1}}};
  profile.name_of = [](uint64_t address) { return address == 17 ? "g"s : ""s; };
  EXPECT_EQ(EncodeProfile(profile),
            "\x32\x00"                                                   // the empty text
            "\x32\x01t\x32\x01u\x0a\x04\x08\x01\x10\x02"                 // a type of samples
            "\x32\x01"                                                   //
            "f\x1a\x0c\x08\x01\x10\x10\x18\x20\x20\x01\x28\x03\x38\x01"  // a mapping
            "\x32\x01g\x2a\x06\x08\x01\x10\x04\x18\x04"                  // a function
            "\x22\x0a\x08\x01\x10\x01\x18\x11\x22\x02\x08\x01"           // its location
            "\x22\x04\x08\x02\x18\x40"                                   // one of nothing
            "\x12\x07\x0a\x02\x01\x02\x12\x01\x02"                       // samples
            "\x12\x06\x0a\x01\x01\x12\x01\x01"
            "\x48\x04\x50\x05\x5a\x04\x08\x01\x10\x02\x60\x03"s);
}

}  // namespace
}  // namespace observe
