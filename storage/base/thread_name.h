#pragma once
// A name for the calling thread, as tools for profiling and debugging show it: at most 15
// characters.

#include <pthread.h>

namespace holdfast {

inline void name_this_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace holdfast
