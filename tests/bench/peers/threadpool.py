# SPDX-License-Identifier: MIT
"""CPython's ThreadPool.imap_unordered, measured as pool_bench.c measures.

    python3 threadpool.py WORKERS empty|sleep SECONDS

Prints tasks per second."""

import sys
import time
from multiprocessing.pool import ThreadPool


def empty(_):
    return None


def sleep(_):
    time.sleep(0.001)


def main():
    workers = int(sys.argv[1])
    task = empty if sys.argv[2] == "empty" else sleep
    seconds = float(sys.argv[3])
    n = 2 * workers
    with ThreadPool(workers) as pool:
        while True:
            start = time.perf_counter()
            for _ in pool.imap_unordered(task, range(n)):
                pass
            took = time.perf_counter() - start
            if took > seconds / 2:
                break
            n = max(2 * n, min(50 * n, int(n * seconds / took)))
        print(n / took)


if __name__ == "__main__":
    main()
