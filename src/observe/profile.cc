#include "observe/profile.h"

#include <map>

#include "base/wire.h"

// A message `Profile` of pprof's proto/profile.proto, the fields that we write:
//
//   Profile  = 1: ValueType (sample types)  2: Sample  3: Mapping  4: Location  5: Function
//              6: strings, the first empty  9: time  10: duration  11: ValueType (period)
//              12: period
//   ValueType = 1: type  2: unit                      (indexes of strings, as all texts are)
//   Sample   = 1: location ids  2: values             (packed)
//   Mapping  = 1: id  2: start  3: limit  4: offset  5: file  7: has functions
//   Location = 1: id  2: mapping id  3: address  4: Line = 1: function id
//   Function = 1: id  2: name  3: system name

namespace observe {
namespace {

// Numbers of fields.
namespace field {
constexpr uint32_t kTypes = 1, kSamples = 2, kMappings = 3, kLocations = 4, kFunctions = 5,
                   kTexts = 6, kTime = 9, kDuration = 10, kPeriodType = 11, kPeriod = 12;
constexpr uint32_t kType = 1, kUnit = 2;
constexpr uint32_t kSampleLocations = 1, kSampleValues = 2;
constexpr uint32_t kId = 1;  // of a mapping, a location, a function
constexpr uint32_t kStart = 2, kLimit = 3, kOffset = 4, kFile = 5, kHasFunctions = 7;
constexpr uint32_t kMapping = 2, kAddress = 3, kLine = 4, kLineFunction = 1;
constexpr uint32_t kName = 2, kSystemName = 3;
}  // namespace field

using Writer = base::WireWriterTo<base::WireAppending>;

// Numbers things from 1 on in the order in which they come.
template <typename T>
class Numbers {
 public:
  // With whether it is new.
  std::pair<uint64_t, bool> Of(const T& thing) {
    const auto [found, is_new] = numbers_.emplace(thing, numbers_.size() + 1);
    return {found->second, is_new};
  }

 private:
  std::map<T, uint64_t> numbers_;
};

class Encoder {
 public:
  explicit Encoder(const Profile& profile) : profile_(profile) { writer_.Bytes(field::kTexts, ""); }

  base::Bytes Encode() {
    for (const Profile::ValueType& type : profile_.types)
      writer_.Bytes(field::kTypes, TypeOf(type));
    for (size_t i = 0; i < profile_.mappings.size(); ++i) AddMapping(i);
    for (const Profile::Sample& sample : profile_.samples) AddSample(sample);
    writer_.Varint(field::kTime, static_cast<uint64_t>(profile_.time_nanos));
    writer_.Varint(field::kDuration, static_cast<uint64_t>(profile_.duration_nanos));
    writer_.Bytes(field::kPeriodType, TypeOf(profile_.period_type));
    writer_.Varint(field::kPeriod, static_cast<uint64_t>(profile_.period));
    return std::move(out_);
  }

 private:
  // 0 is the empty text.
  uint64_t Text(const std::string& text) {
    if (text.empty()) return 0;
    const auto [number, is_new] = texts_.Of(text);
    if (is_new) writer_.Bytes(field::kTexts, text);
    return number;
  }

  base::Bytes TypeOf(const Profile::ValueType& type) {
    base::Bytes out;
    Writer writer(&out);
    writer.Varint(field::kType, Text(type.type));
    writer.Varint(field::kUnit, Text(type.unit));
    return out;
  }

  void AddMapping(size_t index) {
    const Profile::Mapping& mapping = profile_.mappings[index];
    base::Bytes out;
    Writer writer(&out);
    writer.Varint(field::kId, index + 1);
    writer.Varint(field::kStart, mapping.start);
    writer.Varint(field::kLimit, mapping.limit);
    writer.Varint(field::kOffset, mapping.offset);
    writer.Varint(field::kFile, Text(mapping.file));
    writer.Bool(field::kHasFunctions, true);
    writer_.Bytes(field::kMappings, out);
  }

  void AddSample(const Profile::Sample& sample) {
    base::Bytes locations;
    for (const uint64_t address : sample.addresses) AppendNumber(Location(address), &locations);
    base::Bytes values;
    for (const int64_t value : sample.values) AppendNumber(static_cast<uint64_t>(value), &values);
    base::Bytes out;
    Writer writer(&out);
    writer.Bytes(field::kSampleLocations, locations);
    writer.Bytes(field::kSampleValues, values);
    writer_.Bytes(field::kSamples, out);
  }

  static void AppendNumber(uint64_t number, base::Bytes* out) {
    char buffer[base::kVarintBytesMax];
    out->append(buffer, static_cast<size_t>(base::PutVarint(number, buffer) - buffer));
  }

  uint64_t Location(uint64_t address) {
    const auto [number, is_new] = locations_.Of(address);
    if (!is_new) return number;
    base::Bytes out;
    Writer writer(&out);
    writer.Varint(field::kId, number);
    writer.VarintIfSet(field::kMapping, MappingOf(address));
    writer.Varint(field::kAddress, address);
    if (const std::string name = profile_.name_of(address); !name.empty()) {
      base::Bytes line;
      Writer(&line).Varint(field::kLineFunction, FunctionOf(name));
      writer.Bytes(field::kLine, line);
    }
    writer_.Bytes(field::kLocations, out);
    return number;
  }

  uint64_t FunctionOf(const std::string& name) {
    const auto [number, is_new] = functions_.Of(name);
    if (!is_new) return number;
    base::Bytes out;
    Writer writer(&out);
    writer.Varint(field::kId, number);
    writer.Varint(field::kName, Text(name));
    writer.Varint(field::kSystemName, Text(name));
    writer_.Bytes(field::kFunctions, out);
    return number;
  }

  uint64_t MappingOf(uint64_t address) const {
    for (size_t i = 0; i < profile_.mappings.size(); ++i) {
      const Profile::Mapping& mapping = profile_.mappings[i];
      if (mapping.start <= address && address < mapping.limit) return i + 1;
    }
    return 0;
  }

  const Profile& profile_;
  base::Bytes out_;
  Writer writer_{&out_};
  Numbers<std::string> texts_;
  Numbers<uint64_t> locations_;
  Numbers<std::string> functions_;
};

}  // namespace

base::Bytes EncodeProfile(const Profile& profile) {
  return Encoder(profile).Encode();
}

}  // namespace observe
