#pragma once

#include "net/rpc/server.h"

namespace reflection {

// Adds grpc.reflection.v1.ServerReflection, and v1alpha's, to the table: clients list the services
// of the table and read the descriptors of all the .proto files in the program, under the names by
// which these import each other ("proto/rpc.proto"). The answers are grpc-go's.
void AddTo(rpc::Server& server);

}  // namespace reflection
