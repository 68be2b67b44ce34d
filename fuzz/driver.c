/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target, without a fuzzer, on every file of the directories named
 * as arguments: how the tests replay the corpus, with any compiler. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_SIZE ((size_t)1 << 20)

/* Runs the target on one file, in a block that is no larger than the file. */
static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MAX_SIZE);
    uint8_t *exact = NULL;
    size_t size = 0;
    int code = file == NULL ? errno : 0;

    if (code == 0 && data != NULL) {
        size = fread(data, 1, MAX_SIZE, file);
        code = ferror(file) != 0 ? EIO : 0;
        exact = realloc(data, size == 0 ? 1 : size);
        data = exact == NULL ? data : NULL;
    }
    if (code == 0 && exact == NULL) {
        code = ENOMEM;
    }
    if (code == 0) {
        LLVMFuzzerTestOneInput(exact, size);
    }
    if (file != NULL) {
        fclose(file);
    }
    free(exact);
    free(data);
    return code;
}

/* Returns how many files were replayed, or -1. */
static int replay_directory(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char name[4096];
    int n = 0;
    int code = 0;

    if (dir == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    for (entry = readdir(dir); entry != NULL && code == 0;
         entry = readdir(dir)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        printf("%s\n", name);
        fflush(stdout); /* so that the last line names the one that fails */
        code = replay(name);
        n++;
    }
    closedir(dir);
    if (code != 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(code));
    }
    return code == 0 ? n : -1;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        int n = replay_directory(argv[i]);

        if (n < 0) {
            return 1;
        }
        total += n;
    }
    printf("%d files\n", total);
    return total > 0 ? 0 : 1;
}
