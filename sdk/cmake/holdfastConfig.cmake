# find_package(holdfast) gives
#   holdfast::sdk      what a handler needs: link it into a handler library
#   holdfast::endpoint the same, for a program that serves its handlers over HTTP
#   holdfast::server   the whole engine as a library: link it to embed handlers in your own server

include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/holdfastTargets.cmake)
