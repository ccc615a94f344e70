// Stands between the server and the C library, by LD_PRELOAD, and breaks what it is told to break. The
// tests that use it compile it themselves (shim.py), which also says what each word of the control
// file means: the file is mapped by both sides, so that telling costs nothing.
//
// Only files under $HOLDFAST_SHIM_FOLDER are broken: never the ledger of the handlers.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { kSyncAfterDoing = 1, kSyncUndone = 2 };
enum { kWriteNothing = 1, kWriteTorn = 2, kWriteShort = 3 };
enum { kTables = 1, kLogs = 2, kManifest = 3 };

// In the order of shim.py.
struct control {
  _Atomic int64_t clock_offset_ns;  // Added to what CLOCK_REALTIME says.
  _Atomic int64_t lie;              // Syncs do nothing and say that they did.
  _Atomic int64_t sync_countdown;   // The n-th sync from now fails; 0: none.
  _Atomic int64_t sync_how;
  _Atomic int64_t write_countdown;  // As of syncs.
  _Atomic int64_t write_how;
  _Atomic int64_t sync_delay_ms;    // Each sync takes so much longer.
  _Atomic int64_t log_delay_ms;     // Each line to stderr takes so much longer.
  _Atomic int64_t read_countdown;   // As of syncs, among the files of one kind.
  _Atomic int64_t read_times;       // How many fail, from that one on.
  _Atomic int64_t read_kind;
  _Atomic int64_t lies;             // From here on: what has happened.
  _Atomic int64_t syncs_failed;
  _Atomic int64_t writes_failed;
  _Atomic int64_t syncs_slow;
  _Atomic int64_t clocks_shifted;
  _Atomic int64_t reads_failed;
  char file[512];                   // The one that failed last.
};

static struct control nothing;
static struct control* control = &nothing;
static const char* folder = "?";

// How much of a file was synced, and where what was not begins, for those that are open. Before a
// write over what is there, there were zeros, as in a write-ahead log.
enum { kFilesMax = 4096 };
static struct {
  _Atomic uint64_t inode;
  _Atomic int64_t size;
  _Atomic int64_t written_from;
} synced[kFilesMax];

__attribute__((constructor)) static void begin(void) {
  const char* const path = getenv("HOLDFAST_SHIM_CONTROL");
  if (getenv("HOLDFAST_SHIM_FOLDER") != NULL) folder = getenv("HOLDFAST_SHIM_FOLDER");
  if (path == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  void* const mapped =
      mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd < 0 || mapped == MAP_FAILED) abort();  // A fault that is not injected proves nothing.
  close(fd);
  control = mapped;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

// Whether a file is one to break; then `path` is its name.
static int is_ours(int fd, char path[512]) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, 511);
  if (size <= 0) return 0;
  path[size] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

// Whether this call is the one to fail.
static int is_due(_Atomic int64_t* countdown, int fd) {
  if (atomic_load(countdown) <= 0) return 0;
  char path[512];
  if (!is_ours(fd, path) || atomic_fetch_sub(countdown, 1) != 1) return 0;
  memcpy(control->file, path, sizeof path);
  return 1;
}

static void note_synced(int fd) {
  struct stat file;
  if (fd < 0 || fd >= kFilesMax || fstat(fd, &file) != 0) return;
  atomic_store(&synced[fd].inode, file.st_ino);
  atomic_store(&synced[fd].size, file.st_size);
  atomic_store(&synced[fd].written_from, INT64_MAX);
}

static void note_written(int fd, int64_t from) {
  if (fd < 0 || fd >= kFilesMax) return;
  if (from < atomic_load(&synced[fd].written_from)) atomic_store(&synced[fd].written_from, from);
}

// What was not synced is gone, as when the kernel has dropped the pages that it could not write.
static void undo(int fd) {
  struct stat file;
  if (fd < 0 || fd >= kFilesMax || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return;
  const int known = atomic_load(&synced[fd].inode) == file.st_ino;
  const int64_t size = known ? atomic_load(&synced[fd].size) : 0;
  const int64_t from = known ? atomic_load(&synced[fd].written_from) : 0;
  if (from < size && ftruncate(fd, from) != 0) abort();
  if (ftruncate(fd, size) != 0) abort();
}

static int sync_with(int (*real)(int), int fd) {
  if (atomic_load(&control->lie)) {
    atomic_fetch_add(&control->lies, 1);
    return 0;
  }
  if (is_due(&control->sync_countdown, fd)) {
    if (atomic_load(&control->sync_how) == kSyncUndone) {
      undo(fd);
    } else {
      real(fd);
    }
    atomic_fetch_add(&control->syncs_failed, 1);
    errno = EIO;
    return -1;
  }
  const int64_t delay_ms = atomic_load(&control->sync_delay_ms);
  if (delay_ms > 0) {
    usleep(delay_ms * 1000);
    atomic_fetch_add(&control->syncs_slow, 1);
  }
  const int result = real(fd);
  if (result == 0) note_synced(fd);
  return result;
}

int fsync(int fd) {
  REAL(fsync);
  return sync_with(real, fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return sync_with(real, fd);
}

int sync_file_range(int fd, off64_t offset, off64_t size, unsigned int flags) {
  REAL(sync_file_range);
  if (!atomic_load(&control->lie)) return real(fd, offset, size, flags);
  atomic_fetch_add(&control->lies, 1);
  return 0;
}

int msync(void* address, size_t size, int flags) {
  REAL(msync);
  if (!atomic_load(&control->lie)) return real(address, size, flags);
  atomic_fetch_add(&control->lies, 1);
  return 0;
}

// Of a write that is to fail: how much of it to do (-1: nothing), before saying so.
static ssize_t part_of(size_t size) {
  atomic_fetch_add(&control->writes_failed, 1);
  return atomic_load(&control->write_how) == kWriteNothing || size < 2 ? -1 : (ssize_t)(size / 2);
}

static ssize_t answer_for(ssize_t done) {
  if (atomic_load(&control->write_how) == kWriteShort && done > 0) return done;
  errno = EIO;
  return -1;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  REAL(write);
  if (!is_due(&control->write_countdown, fd)) return real(fd, bytes, size);
  const ssize_t part = part_of(size);
  return answer_for(part < 0 ? part : real(fd, bytes, part));
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  REAL(pwrite);
  note_written(fd, at);
  if (!is_due(&control->write_countdown, fd)) return real(fd, bytes, size, at);
  const ssize_t part = part_of(size);
  return answer_for(part < 0 ? part : real(fd, bytes, part, at));
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  return pwrite(fd, bytes, size, at);
}

// --- Reads ---

static int kind_of(const char* path) {
  const char* const name = strrchr(path, '/') + 1;
  const size_t size = strlen(name);
  if (size > 4 && strcmp(name + size - 4, ".sst") == 0) return kTables;
  if (size > 4 && strcmp(name + size - 4, ".log") == 0) return kLogs;
  if (strncmp(name, "MANIFEST", 8) == 0 || strcmp(name, "CURRENT") == 0) return kManifest;
  return strcmp(name, "FORMAT") == 0 ? kManifest : 0;
}

static int read_fails(int fd) {
  if (atomic_load(&control->read_countdown) <= 0) return 0;
  char path[512];
  if (!is_ours(fd, path) || kind_of(path) != atomic_load(&control->read_kind)) return 0;
  if (atomic_fetch_sub(&control->read_countdown, 1) > 1) return 0;
  const int64_t left = atomic_fetch_sub(&control->read_times, 1) - 1;
  atomic_store(&control->read_countdown, left > 0 ? 1 : 0);
  memcpy(control->file, path, sizeof path);
  atomic_fetch_add(&control->reads_failed, 1);
  errno = EIO;
  return 1;
}

ssize_t read(int fd, void* to, size_t size) {
  REAL(read);
  return read_fails(fd) ? -1 : real(fd, to, size);
}

ssize_t pread(int fd, void* to, size_t size, off_t at) {
  REAL(pread);
  return read_fails(fd) ? -1 : real(fd, to, size, at);
}

ssize_t pread64(int fd, void* to, size_t size, off64_t at) { return pread(fd, to, size, at); }

// RocksDB reads by it what it reads from one end to the other.
#undef fread_unlocked
size_t fread_unlocked(void* restrict to, size_t size, size_t count, FILE* restrict file) {
  REAL(fread_unlocked);
  return read_fails(fileno(file)) ? 0 : real(to, size, count, file);
}

// The log goes to stderr by this, also that of libraries: as slow as whoever reads it.
size_t fwrite(const void* restrict bytes, size_t size, size_t count, FILE* restrict file) {
  REAL(fwrite);
  const int64_t delay_ms = atomic_load(&control->log_delay_ms);
  if (file == stderr && delay_ms > 0) usleep(delay_ms * 1000);
  return real(bytes, size, count, file);
}

// --- The clock ---

static int64_t offset_ns(void) {
  const int64_t offset = atomic_load_explicit(&control->clock_offset_ns, memory_order_relaxed);
  if (offset != 0) atomic_fetch_add_explicit(&control->clocks_shifted, 1, memory_order_relaxed);
  return offset;
}

static void add_ns(struct timespec* time, int64_t ns) {
  int64_t nsec = time->tv_nsec + ns % 1000000000;
  time->tv_sec += ns / 1000000000;
  if (nsec < 0) nsec += 1000000000, --time->tv_sec;
  if (nsec >= 1000000000) nsec -= 1000000000, ++time->tv_sec;
  time->tv_nsec = nsec;
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  REAL(clock_gettime);
  const int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    add_ns(time, offset_ns());
  }
  return result;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* to) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to != NULL) *to = now.tv_sec;
  return now.tv_sec;
}

// Waits until a time of the shifted clock: the kernel knows only the right one. A condition variable of
// another clock comes by pthread_cond_clockwait.
int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  static __typeof__(&pthread_cond_timedwait) real;
  // Without its version it would be that of 1999, for another layout.
  if (real == NULL) {
    real = (__typeof__(real))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (real == NULL) real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  }
  struct timespec right = *until;
  add_ns(&right, -atomic_load(&control->clock_offset_ns));
  return real(condition, mutex, &right);
}
