/* Has reads, writes or syncs of files below a folder fail with an error of the system's, below SQLite.

   Preloaded (LD_PRELOAD). Nothing fails before refuse() is called:

   part    a part of the path of the files, and folders, that it is about; "" ends it
   kinds   "r" reads, "w" writes and truncations, "s" syncs of files and folders, or several of these
   code    the errno
   after   so many such calls still go well
   times   so many fail then

   refused() says how many have. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char part[PATH_MAX], kinds[8];
static int code;
static long after, times, seen;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void refuse(const char *of, const char *which, int with, long begin, long most) {
    snprintf(part, sizeof part, "%s", of);
    snprintf(kinds, sizeof kinds, "%s", which);
    code = with, after = begin, times = most, seen = 0;
}

long refused(void) { return seen <= after ? 0 : seen - after < times ? seen - after : times; }

static int fails(int fd, char kind) {
    char link[64], path[PATH_MAX];
    if (!*part || !strchr(kinds, kind)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strstr(path, part)) return 0;
    long number = __sync_add_and_fetch(&seen, 1);
    if (number <= after || number > after + times) return 0;
    errno = code;
    return 1;
}

ssize_t read(int fd, void *data, size_t n) { return fails(fd, 'r') ? -1 : REAL(read)(fd, data, n); }
ssize_t pread(int fd, void *data, size_t n, off_t offset) {
    return fails(fd, 'r') ? -1 : REAL(pread)(fd, data, n, offset);
}
ssize_t pread64(int fd, void *data, size_t n, off64_t offset) {
    return fails(fd, 'r') ? -1 : REAL(pread64)(fd, data, n, offset);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned int flags) {
    return fails(in, 'r') ? -1 : REAL(copy_file_range)(in, from, out, to, n, flags);
}
ssize_t sendfile(int out, int in, off_t *offset, size_t n) {
    return fails(in, 'r') ? -1 : ((ssize_t(*)(int, int, off_t *, size_t))dlsym(RTLD_NEXT, "sendfile"))(out, in, offset, n);
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t n) {
    return fails(in, 'r') ? -1 : ((ssize_t(*)(int, int, off64_t *, size_t))dlsym(RTLD_NEXT, "sendfile64"))(out, in, offset, n);
}
ssize_t write(int fd, const void *data, size_t n) { return fails(fd, 'w') ? -1 : REAL(write)(fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t offset) {
    return fails(fd, 'w') ? -1 : REAL(pwrite)(fd, data, n, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t offset) {
    return fails(fd, 'w') ? -1 : REAL(pwrite64)(fd, data, n, offset);
}
int ftruncate(int fd, off_t n) { return fails(fd, 'w') ? -1 : REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return fails(fd, 'w') ? -1 : REAL(ftruncate64)(fd, n); }
int fsync(int fd) { return fails(fd, 's') ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd, 's') ? -1 : REAL(fdatasync)(fd); }
