# add_proto_module(<folder>): the .proto files of src/<folder> as a library of generated messages,
# included as "<folder>/<name>.pb.h".
find_package(Protobuf REQUIRED)

function(add_proto_module module)
  module_target(target ${module})
  set(generated ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${generated})
  file(GLOB contracts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module}/*.proto)
  set(sources "")
  set(headers "")
  foreach(contract IN LISTS contracts)
    cmake_path(GET contract STEM name)
    list(APPEND sources ${generated}/${module}/${name}.pb.cc)
    list(APPEND headers ${generated}/${module}/${name}.pb.h)
  endforeach()
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND protobuf::protoc -I ${PROJECT_SOURCE_DIR}/src --cpp_out=${generated} ${contracts}
    DEPENDS ${contracts})
  add_library(${target} STATIC ${sources})
  # Whoever includes a generated header must wait for it; system headers, for their warnings.
  target_include_directories(${target} SYSTEM PUBLIC ${generated})
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
  target_compile_options(${target} PRIVATE -O1 -w)
endfunction()
