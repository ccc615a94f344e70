#pragma once
// ThreadState: whether a thread of this process waits for something or would like to run.

namespace holdfast::actors {

using ThreadId = int;

ThreadId this_thread_id();
// True when it waits (for a lock, the network, the disk), as the system saw it just now. False when
// it runs, is ready to run, or cannot be told. Reads one small file of /proc.
bool is_blocked(ThreadId thread);

}  // namespace holdfast::actors
