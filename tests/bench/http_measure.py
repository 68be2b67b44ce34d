# SPDX-License-Identifier: MIT
"""What http_bench.sh measures with.  Figures are lines of JSON in a file.

    http_measure.py run FILE LABEL N -- COMMAND...
        runs a command for N transfers, standard output to the file $OUT or
        nowhere; where N is "wrk", the number is what wrk says in its output.
        $STATUS_URL, if set, is nginx's stub_status: it tells whether as many
        requests came
    http_measure.py spoil FILE
        what the last run made was not what it should be
    http_measure.py table FILE
        medians of each label
    http_measure.py compare FILE WORK OURS PEER KEY least|most WANTED
        a line for the last table: ours divided by the peer, by median, for KEY
        (rate, cpu, rss); with "-" as PEER the figure itself, with "-" as WANTED
        no verdict
    http_measure.py verdicts FILE
        such lines as a table
    http_measure.py files DIR N SIZE
        makes N files that differ, as DIR/0000/00000000.bin and so on"""

import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

LIMIT_S = 1800
POLL_S = 0.01
PER_FOLDER = 10000


def peak_mb(pid):
    """None when there is none, as at the end."""
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / 1e6
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def watch(process, peak):
    """ru_maxrss will not do: it begins with what the parent had before exec.
    A command that never ends is ended here."""
    start = time.monotonic()
    while (size := peak_mb(process.pid)) is not None:
        peak.append(size)
        if time.monotonic() - start > LIMIT_S:
            process.kill()
        time.sleep(POLL_S)


def requests_served():
    if not os.environ.get("STATUS_URL"):
        return None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(os.environ["STATUS_URL"], timeout=10) as reply:
        return int(reply.read().split(b"requests\n")[1].split()[2])


def wrk_count(path):
    with open(path) as file:
        found = re.search(r"(\d+) requests in ", file.read())
    return int(found.group(1)) if found else 0


def run(path, label, n, command):
    out_path = os.environ.get("OUT", os.devnull)
    before = requests_served()
    with open(out_path, "wb") as out:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=out)
        peak = [0]
        watcher = threading.Thread(target=watch, args=(process, peak))
        watcher.start()
        _, status, use = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        watcher.join()
    # The look at the status is a request, too.
    served = None if before is None else requests_served() - before - 1
    if n == "wrk":
        count, served = wrk_count(out_path), None
    else:
        count = int(n)
    cpu = use.ru_utime + use.ru_stime
    line = {"label": label, "n": count, "wall": wall, "rate": count / wall,
            "cpu": cpu * 1e6 / max(count, 1),
            "user": use.ru_utime * 1e6 / max(count, 1), "rss": peak[-1],
            "status": process.returncode, "is_spoilt": False,
            "served": count if served is None else served}
    with open(path, "a") as file:
        file.write(json.dumps(line) + "\n")
    return process.returncode


def spoil(path):
    with open(path) as file:
        lines = file.readlines()
    lines[-1] = json.dumps({**json.loads(lines[-1]), "is_spoilt": True}) + "\n"
    with open(path, "w") as file:
        file.writelines(lines)


def read_runs(path):
    runs = {}
    with open(path) as file:
        for text in file:
            line = json.loads(text)
            runs.setdefault(line["label"], []).append(line)
    return runs


def median(lines, key):
    return statistics.median(line[key] for line in lines)


def complaints(lines):
    """What makes the figures of a label worthless."""
    text = ""
    if any(line["status"] for line in lines):
        text += "  exit status %d" % max((line["status"] for line in lines),
                                         key=abs)
    wrong = [line for line in lines if line["served"] != line["n"]]
    if wrong:
        text += "  %d requests for %d" % (wrong[0]["served"], wrong[0]["n"])
    if any(line["is_spoilt"] for line in lines):
        text += "  wrong files"
    return text


def table(path):
    print("%-30s %4s %8s %9s %19s %8s %8s %7s %7s" %
          ("", "runs", "n", "per s", "least..most", "CPU us", "user us",
           "wall s", "RSS MB"))
    for label, lines in read_runs(path).items():
        rates = [line["rate"] for line in lines]
        print("%-30s %4d %8d %9.0f %9.0f..%-8.0f %8.2f %8.2f %7.2f %7.1f%s" %
              (label, len(lines), median(lines, "n"), median(lines, "rate"),
               min(rates), max(rates), median(lines, "cpu"),
               median(lines, "user"), median(lines, "wall"),
               median(lines, "rss"), complaints(lines)))


def compare(path, work, ours_label, peer_label, key, sense, wanted):
    runs = read_runs(path)
    line = {"work": work, "peer_label": peer_label, "key": key, "sense": sense,
            "wanted": None if wanted == "-" else float(wanted), "ours": None, "peer": None, "ratio": None,
            "is_sound": True}
    if ours_label in runs:
        line["ours"] = median(runs[ours_label], key)
        line["is_sound"] = not complaints(runs[ours_label])
    if peer_label == "-":
        line["ratio"] = line["ours"]
    elif peer_label in runs:
        line["peer"] = median(runs[peer_label], key)
        line["is_sound"] &= not complaints(runs[peer_label])
        if line["ours"] is not None and line["peer"]:
            line["ratio"] = line["ours"] / line["peer"]
    print(json.dumps(line))


def figure(value):
    return "-" if value is None else "%.*f" % (0 if value >= 1000 else 1, value)


def verdict(line):
    if line["ratio"] is None:
        return "missing"
    if not line["is_sound"]:
        return "NOT SOUND"
    if line["wanted"] is None:
        return ""
    is_met = (line["ratio"] >= line["wanted"] if line["sense"] == "least"
              else line["ratio"] <= line["wanted"])
    return "met" if is_met else "MISSED"


def verdicts(path):
    units = {"rate": "/s", "cpu": "us", "rss": "MB"}
    print("%-36s %-28s %4s %9s %9s %8s %14s" %
          ("work", "against", "", "ours", "peer", "ratio", "wanted"))
    with open(path) as file:
        lines = [json.loads(text) for text in file]
    for line in lines:
        ratio = "-" if line["ratio"] is None else "%.2f" % line["ratio"]
        wanted = ("" if line["wanted"] is None
                  else "%s %8.2f" % (line["sense"], line["wanted"]))
        print("%-36s %-28s %4s %9s %9s %8s %14s  %s" %
              (line["work"], line["peer_label"], units[line["key"]],
               figure(line["ours"]), figure(line["peer"]), ratio, wanted,
               verdict(line)))


def make_files(root, n, size):
    for seq in range(n):
        folder = "%s/%04d" % (root, seq // PER_FOLDER)
        if seq % PER_FOLDER == 0:
            os.makedirs(folder)
        text = b"file %d\n" % seq
        with open("%s/%08d.bin" % (folder, seq), "wb") as file:
            file.write((text * (size // len(text) + 1))[:size])


def main(arguments):
    command, *rest = arguments
    if command == "run":
        path, label, n, dashes, *program = rest
        assert dashes == "--"
        sys.exit(1 if run(path, label, n, program) else 0)
    elif command == "compare":
        compare(*rest)
    elif command == "files":
        make_files(rest[0], int(rest[1]), int(rest[2]))
    else:
        {"spoil": spoil, "table": table, "verdicts": verdicts}[command](*rest)


main(sys.argv[1:])
