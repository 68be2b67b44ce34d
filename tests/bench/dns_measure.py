# SPDX-License-Identifier: MIT
"""What dns_bench.sh measures with.  Figures are lines of JSON in a file.

    dns_measure.py run FILE LABEL N -- COMMAND...
        runs a command for N names, standard output to the file $OUT or nowhere
    dns_measure.py pipe FILE LABEL N -- COMMAND...
        the same with N made-up names on its standard input; prints its memory
        at every tenth of the way
    dns_measure.py table FILE
        medians and their ratios to the first label
    dns_measure.py results FILE EXPECTED
        compares lines of `resolve -f jsonl` with the list of nsd.sh, or, where
        EXPECTED is "-", counts them by status"""

import collections
import json
import os
import statistics
import subprocess
import sys
import threading
import time

CHUNK = 1 << 16


def memory_kib(pid, field):
    """A line of /proc/PID/status; None when there is none, as at the end."""
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith(field):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def watch_peak(pid, peak):
    """ru_maxrss will not do: it begins with what the parent had before exec."""
    while (kib := memory_kib(pid, "VmHWM:")) is not None:
        peak.append(kib)
        time.sleep(0.01)


def finish(process, start, path, label, n):
    peak = [0]
    watcher = threading.Thread(target=watch_peak, args=(process.pid, peak))
    watcher.start()
    _, status, use = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    watcher.join()
    cpu = use.ru_utime + use.ru_stime
    line = {"label": label, "names": n, "wall": wall, "rate": n / wall,
            "cpu": cpu * 1e6 / n, "user": use.ru_utime * 1e6 / n,
            "rss": peak[-1] / 1024, "status": process.returncode}
    with open(path, "a") as file:
        file.write(json.dumps(line) + "\n")
    return line


def run(path, label, n, command):
    with open(os.environ.get("OUT", os.devnull), "wb") as out:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=out)
        return finish(process, start, path, label, n)


def pipe(path, label, n, command):
    make = subprocess.Popen(["seq", "-f", "n%.0f.dict.test", str(n)],
                            stdout=subprocess.PIPE)
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    written, tenth = 0, 1
    samples = []
    while chunk := make.stdout.read(CHUNK):
        process.stdin.write(chunk)
        written += chunk.count(b"\n")
        while tenth <= 10 and written >= n * tenth // 10:
            samples.append((memory_kib(process.pid, "VmRSS:") or 0) / 1024)
            print("%4d %%  %9d names  %7.1f MiB  %7.1f s" %
                  (tenth * 10, written, samples[-1], time.monotonic() - start),
                  flush=True)
            tenth += 1
    make.wait()
    process.stdin.close()
    line = finish(process, start, path, label, n)
    print("from 10 %% on: %+.1f MiB; most: %.1f MiB" %
          (samples[-1] - samples[0], line["rss"]))
    return line


def table(path):
    runs = collections.defaultdict(list)
    with open(path) as file:
        for text in file:
            line = json.loads(text)
            runs[line["label"]].append(line)
    print("%-26s %5s %9s %6s %8s %6s %8s %6s %7s" %
          ("", "runs", "names/s", "ratio", "CPU us", "ratio", "user us",
           "wall s", "RSS MiB"))
    first = None
    for label, lines in runs.items():
        median = {key: statistics.median(line[key] for line in lines)
                  for key in ("rate", "cpu", "user", "wall", "rss")}
        first = first or median
        print("%-26s %5d %9.0f %6.2f %8.2f %6.2f %8.2f %6.2f %7.1f%s" %
              (label, len(lines), median["rate"], median["rate"] / first["rate"],
               median["cpu"], median["cpu"] / first["cpu"], median["user"],
               median["wall"], median["rss"],
               "" if not any(line["status"] for line in lines)
               else "  exit status %d" % max(line["status"] for line in lines)))


def read_expected(path):
    expected = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, wire, status, data = line.rstrip("\n").split("\t")
            expected[name] = expected[wire] = (status, data)
    return expected


def results(path, expected_path):
    expected = None if expected_path == "-" else read_expected(expected_path)
    counts = collections.Counter()
    n = wrong = tries = 0
    with open(path, encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            n += 1
            counts[line["status"]] += 1
            tries += line.get("tries", 0)
            if expected is None or line["status"] in ("timeout", "servfail"):
                continue
            data = ",".join(r["data"].rstrip(".")
                            for r in line.get("answers", []))
            if (line["status"], data) != expected[line["input"]]:
                wrong += 1
    text = ", ".join("%s %d" % pair for pair in sorted(counts.items()))
    text += ", %.3f tries a name" % (tries / max(n, 1))
    if expected is not None:
        text += ", wrong %d" % wrong
    print("    %d results: %s" % (n, text))


def main(arguments):
    if arguments[0] in ("run", "pipe"):
        path, label, n, dashes, *command = arguments[1:]
        assert dashes == "--"
        {"run": run, "pipe": pipe}[arguments[0]](path, label, int(n), command)
    elif arguments[0] == "table":
        table(arguments[1])
    else:
        results(*arguments[1:])


main(sys.argv[1:])
