#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "k8s/schema.h"
#include "k8s/value.h"

// Messages whose JSON is not that of their fields: the kinds from kTime on of Field.

namespace k8s {

// kInvalidArgument for bytes that are none of that kind.
base::Result<Value> SpecialFromStorage(Field::Kind kind, base::ByteView bytes);

// Of null it is the message that JSON's null stands for. kInvalidArgument with what is wrong for a
// value that is none of that kind.
base::Result<base::Bytes> SpecialToStorage(Field::Kind kind, const Value& value);

}  // namespace k8s
