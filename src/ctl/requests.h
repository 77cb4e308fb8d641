#pragma once

#include <etcd/kv.h>

#include "ctl/command.h"

// What the flags and arguments of get, put and del ask for; also on the lines of a transaction.

namespace ctl {

Outcome ReadGet(const Invocation& invocation, etcd::GetRequest* request);
Outcome ReadPut(const Invocation& invocation, etcd::PutRequest* request);
// May wait for the user to think twice.
Outcome ReadDelete(const Invocation& invocation, etcd::DeleteRequest* request);

// Of --consistency: l or s.
Outcome ReadSerializable(const Flags& flags, bool* serializable);

// Decimal, as strconv.ParseInt, whose text the error has.
Outcome ReadNumber(const std::string& text, int base, int64_t* number);

}  // namespace ctl
