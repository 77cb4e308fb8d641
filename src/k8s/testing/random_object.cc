#include "k8s/testing/random_object.h"

#include <string>
#include <utility>

#include "base/base64.h"
#include "k8s/time_text.h"

namespace k8s::testing {
namespace {

using Kind = Field::Kind;
using Shape = Field::Shape;

constexpr int kDepth = 6;  // below it nothing is set but what must be

class Filling {
 public:
  explicit Filling(runtime::Random* random) : random_(*random) {}

  void Fill(const Type& type, int depth, Value::Object* object) {
    for (const Field& field : type.fields) {
      if (field.kind == Kind::kTypeMeta) continue;
      if (field.is_inline) {
        Fill(*field.type, depth, object);
      } else if (depth < kDepth && random_.Below(3) == 0) {
        object->push_back({std::string(field.name), Shaped(field, depth)});
      }
    }
  }

 private:
  Value Shaped(const Field& field, int depth) {
    const uint64_t count = random_.Below(3);
    if (field.shape == Shape::kList) {
      Value::List list;
      for (uint64_t i = 0; i < count; ++i) list.push_back(One(field, depth));
      return Value{std::move(list)};
    }
    if (field.shape != Shape::kMap) return One(field, depth);
    Value::Object object;
    for (uint64_t i = 0; i < count; ++i) {
      object.push_back({std::to_string(i) + RandomText(&random_), One(field, depth)});
    }
    return Value{std::move(object)};
  }

  Value One(const Field& field, int depth) {
    switch (field.kind) {
      case Kind::kString:
        return Value{RandomText(&random_)};
      case Kind::kBool:
        return Value{random_.Below(2) == 1};
      case Kind::kInt32:
        return Value{int64_t{static_cast<int32_t>(random_.Next())}};
      case Kind::kInt64:
        return Value{static_cast<int64_t>(random_.Next())};
      case Kind::kBytes:
        return Value{base::Base64Encode(RandomText(&random_), base::Base64::kPadded)};
      case Kind::kTime:
        return Value{FormatTime({RandomSeconds(), 0}, 0)};
      case Kind::kMicroTime:
        return Value{FormatTime({RandomSeconds(), 123'456'000}, 6)};
      case Kind::kDuration:
        return Value{"1h0m0s"};
      case Kind::kQuantity:
        return Value{std::to_string(random_.Below(100)) + "Mi"};
      case Kind::kIntOrString:
        return random_.Below(2) == 0 ? Value{RandomText(&random_)} : Value{int64_t{80}};
      case Kind::kJson:
        return Value{Value::Object{{"a", Value{RandomText(&random_)}}, {"b", Value{1.5}}}};
      case Kind::kTypeMeta:
        break;
      case Kind::kMessage: {
        if (field.type->is_wrapper) return Shaped(field.type->fields.front(), depth);
        Value::Object object;
        Fill(*field.type, depth + 1, &object);
        return Value{std::move(object)};
      }
    }
    return {};
  }

  int64_t RandomSeconds() {
    return kZeroTimeSeconds + static_cast<int64_t>(random_.Between(1, 1ULL << 37));
  }

  runtime::Random& random_;
};

}  // namespace

std::string RandomText(runtime::Random* random) {
  static constexpr std::string_view kParts[] = {"a",
                                                "B",
                                                "7",
                                                "0",
                                                " ",
                                                " ",
                                                "\n",
                                                ":",
                                                "#",
                                                "-",
                                                "'",
                                                "\"",
                                                "\\",
                                                "{",
                                                "}",
                                                "[",
                                                "&",
                                                "*",
                                                "!",
                                                "|",
                                                ">",
                                                "%",
                                                "@",
                                                "`",
                                                ",",
                                                "?",
                                                "~",
                                                "null",
                                                "true",
                                                "no",
                                                "1e3",
                                                "0x1",
                                                "<<",
                                                ".5",
                                                "\t",
                                                "\r",
                                                "\u00e9",
                                                "\u4e16",
                                                "\u2028",
                                                "\U0001F600",
                                                "\x01",
                                                "\x7f",
                                                "\u0085",
                                                "\ufeff",
                                                "word",
                                                "2006-01-02",
                                                "a long word that fills a line",
                                                "="};
  std::string text;
  const uint64_t count = random->Below(12);
  for (uint64_t i = 0; i < count; ++i) text += kParts[random->Below(std::size(kParts))];
  return text;
}

Value RandomObject(const Type& type, const KnownKind& kind, runtime::Random* random) {
  Value::Object object = {{"kind", Value{std::string(kind.kind)}},
                          {"apiVersion", Value{std::string(kind.api_version)}}};
  Filling(random).Fill(type, 0, &object);
  return Value{std::move(object)};
}

}  // namespace k8s::testing
