#pragma once
// aborts: whether a function ends its process by a failed CHECK; exit_code_of: with which code it
// ends it otherwise. It runs in a forked child, so call them only while the test has no other
// threads. The child ends with its parent.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace holdfast::testing {

// How a child ended that ran `function`, as waitpid() tells it.
template <class Function>
int status_of_child(Function&& function) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::_Exit(function());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

template <class Function>
bool aborts(Function&& function) {
  const int status = status_of_child([&] {
    std::signal(SIGABRT, SIG_DFL);
    std::signal(SIGALRM, SIG_DFL);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    function();
    return 0;
  });
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

// What `function` returns, or what it ended the process with; -1: a signal ended it.
template <class Function>
int exit_code_of(Function&& function) {
  const int status = status_of_child(function);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace holdfast::testing
