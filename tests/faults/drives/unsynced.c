/* A file system that cannot bring a folder to the disk by itself, as VirtualBox's shared folders: fsync of one says
   EINVAL. Preloaded (LD_PRELOAD); unsynced() says how often. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static long refused;

long unsynced(void) { return refused; }

static int fails(int fd) {
    struct stat found;
    if (fstat(fd, &found) || !S_ISDIR(found.st_mode)) return 0;
    __sync_add_and_fetch(&refused, 1);
    errno = EINVAL;
    return 1;
}

int fsync(int fd) { return fails(fd) ? -1 : ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
