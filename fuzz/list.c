/* SPDX-License-Identifier: MIT */
/* Fuzz target: a whole list, compressed or not, of the form that the first byte
 * says.  Read from a file and from a pipe it has the same items, unless its
 * form is to be found out, which a pipe is not waited for. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/input.h"
#include "entry.h"

#define MAX_SIZE 60000 /* which a pipe holds */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all; returns how it ended.  '*ret_sum' tells lists apart. */
static int read_all(int fd, enum cli_format format, uint64_t *ret_sum)
{
    char path[40];
    const char *files[] = { path };
    struct cli_input_options options = {
        .files = files, .n_files = 1, .format = format, .is_whole = true
    };
    struct cli_input *input;
    struct fpool_source source;
    struct fpool_item item = { 0 };
    int code;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    input = cli_input_create(&options);
    *ret_sum = 0;
    if (input == NULL) {
        return EBADMSG; /* a form that this build cannot read */
    }
    source = cli_input_source(input);
    for (;;) {
        (void)source.ready(source.self);
        code = source.next(source.self, &item, NULL);
        if (code != FPOOL_OK) {
            break;
        }
        *ret_sum = *ret_sum * 31 +
                   ((const struct cli_item *)item.data)->input_size +
                   (uint64_t)cli_item_fault(item.data);
        must(item.size == cli_item_size(item.data));
        item.drop(item.data);
    }
    source.close(source.self);
    must(code == FPOOL_END ||
         (code == EBADMSG && cli_input_failure(input, code)[0] != '\0') ||
         code == EFBIG); /* too many header lines */
    cli_input_destroy(&input);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum cli_format format;
    uint64_t sums[2];
    int codes[2];
    int file;
    int pipes[2];

    if (size < 1 || size > MAX_SIZE) {
        return 0;
    }
    format = (enum cli_format)(data[0] % 5);
    file = memfd_create("list", MFD_CLOEXEC);
    must(file >= 0 && pipe(pipes) == 0);
    must(write(file, data + 1, size - 1) == (ssize_t)size - 1);
    must(write(pipes[1], data + 1, size - 1) == (ssize_t)size - 1);
    close(pipes[1]);
    codes[0] = read_all(file, format, &sums[0]);
    codes[1] = read_all(pipes[0], format, &sums[1]);
    must(codes[0] == codes[1]);
    must(format == CLI_FORMAT_AUTO || sums[0] == sums[1]);
    close(file);
    close(pipes[0]);
    return 0;
}
