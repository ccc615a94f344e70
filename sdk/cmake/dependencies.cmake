# The libraries Holdfast is built on, as CMake targets. Used by our own build and, installed beside
# holdfastConfig.cmake, by programs that link holdfast::server or holdfast::sdk.

include(CMakeFindDependencyMacro)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(OpenSSL)
find_dependency(Boost 1.81 COMPONENTS headers json url)
find_dependency(CLI11)
find_dependency(toml11)
find_dependency(SQLite3)

# Debian ships these without a CMake package of their own, or with one that asks for much more than we
# use.
function(holdfast_find_library target header library)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "HOLDFAST_${library}" name)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  find_library(${name}_LIBRARY ${library} REQUIRED)
  mark_as_advanced(${name}_INCLUDE ${name}_LIBRARY)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${${name}_INCLUDE})
  target_link_libraries(${target} INTERFACE ${${name}_LIBRARY})
endfunction()

holdfast_find_library(CAF::core caf/all.hpp caf_core)
holdfast_find_library(nghttp2::nghttp2 nghttp2/nghttp2.h nghttp2)
holdfast_find_library(xxHash::xxhash xxhash.h xxhash)
holdfast_find_library(RocksDB::rocksdb rocksdb/db.h rocksdb)
holdfast_find_library(CapnProto::kj kj/common.h kj)
holdfast_find_library(CapnProto::capnp capnp/serialize.h capnp)
target_link_libraries(CapnProto::capnp INTERFACE CapnProto::kj)
