# SPDX-License-Identifier: MIT
"""The live display of fetchpool on a terminal, read by a small one of our own:

    terminal_test.py FETCHPOOL DNSD [HTTPD]

Each check prints a line; the exit status is 0 only if all are well."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios

COLUMNS = 60
ROWS = 10
failed = 0


def check(what, ok, seen=""):
    global failed
    print(f"{'ok' if ok else 'NOT ok'}: {what}{'' if ok else f': {seen!r}'}")
    failed += not ok


class Screen:
    """Lines, and a cursor that knows what the display uses of escapes."""

    def __init__(self):
        self.lines = [""]
        self.row = self.column = 0
        self.widest = 0
        self.unknown = []
        self.shots = []

    def feed(self, text):
        parts = re.findall(r"\x1b\[\d*[A-Za-z]|[\x00-\x1f]|[^\x00-\x1f]+", text)
        for part in parts:
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.row += 1
                while len(self.lines) <= self.row:
                    self.lines.append("")
            elif part.startswith("\x1b[") and part.endswith("A"):
                self.shots.append("\n".join(self.lines))
                self.row -= int(part[2:-1])
            elif part == "\x1b[K":
                self.lines[self.row] = self.lines[self.row][:self.column]
            elif part == "\x1b[J":
                self.lines[self.row] = self.lines[self.row][:self.column]
                del self.lines[self.row + 1:]
            elif part < " ":
                self.unknown.append(part)
            else:
                line = self.lines[self.row].ljust(self.column)
                end = self.column + len(part)
                self.lines[self.row] = line[:self.column] + part + line[end:]
                self.column = end
                self.widest = max(self.widest, end)


def run(arguments, when_drawn=None, term="xterm"):
    """The screen after the command, what it wrote to it, its status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = dict(os.environ, TERM=term)
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=slave,
                               env=environment)
    os.close(slave)
    written = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError: # the other end is closed
            break
        if not piece:
            break
        written += piece
        if when_drawn is not None and b"\x1b[J" in written:
            process.send_signal(when_drawn)
            when_drawn = None
    os.close(master)
    screen = Screen()
    screen.feed(written.decode("ascii"))
    return screen, process.wait()


def check_get(fetchpool, httpd):
    server = subprocess.Popen([httpd, "."], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip().rstrip("/")
    get = [fetchpool, "get", "-o", "null", "--retries", "0"]

    screen, status = run(get + [f"{url}/-/delay/900/-/bytes/10",
                                f"{url}/-/bytes/2000000",
                                f"{url}/-/status/404", f"{url}/-/status/500",
                                f"{url}/-/status/404?\x1b[31m", "no url"])
    last = "\n".join(screen.lines)
    shot = screen.shots[-1] if screen.shots else ""
    check("get: the run has failures", status == 1, status)
    check("get: it is drawn again and again", 2 <= len(screen.shots) <= 6,
          screen.shots)
    check("get: what is done", " s: done 5/6 (83.3%), " in shot, shot)
    check("get: what arrived and is on its way",
          "\n2.0 MB, 0.0 MB/s, in flight 1, hosts 1, paused 0, down 0" in shot,
          shot)
    check("get: what waits", "\nwaiting 0, deferred 0, retries 0, " in shot,
          shot)
    check("get: why it failed, most often first",
          "\nskipped 0, failed 2, invalid 2: " in shot and
          shot.index("invalid.url 2") < shot.index("http.4xx 1"), shot)
    check("get: the final counts take its place", last.startswith("read 6 ok 2 ")
          and "in flight" not in last, last)
    check("get: nothing but what is known is sent", screen.unknown == [],
          screen.unknown)
    check("get: no line is as wide as the terminal", screen.widest < COLUMNS or
          not any(len(line) >= COLUMNS for shot in screen.shots
                  for line in shot.split("\n")), screen.widest)

    screen, status = run(get + [f"{url}/-/delay/600/-/bytes/10"], signal.SIGINT)
    last = "\n".join(screen.lines)
    check("get: Ctrl-C leaves the terminal in order", status == 130 and
          "done" not in last and "stopping" in last and "\nread 1 ok 1 " in last,
          last)

    screen, status = run(get + [f"{url}/-/delay/400/-/bytes/10"], term="dumb")
    check("get: a dumb terminal", screen.shots == [] and status == 0,
          screen.shots)
    server.stdin.close()
    server.wait()


def main():
    fetchpool, dnsd = sys.argv[1], sys.argv[2]
    server = subprocess.Popen([dnsd], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    resolve = [fetchpool, "resolve", "-r", f"127.0.0.1:{port}"]

    screen, status = run(resolve + ["delay-1400.test", "one.test"])
    last = "\n".join(screen.lines)
    check("the run is well", status == 0, status)
    check("the display was drawn again", len(screen.shots) >= 2,
          screen.shots)
    check("it has three lines", screen.shots[0].count("\n") == 3,
          screen.shots[0])
    check("it says what was done", "done 1/2 (50.0%)" in screen.shots[-1],
          screen.shots[-1])
    check("it tells of the resolvers", "kernel drops 0, resolvers 1/1" in
          screen.shots[-1], screen.shots[-1])
    check("the final counts take its place",
          last.startswith("read 2 ok 2 ") and "done" not in last, last)
    check("nothing but what is known is sent", screen.unknown == [],
          screen.unknown)
    for shot in screen.shots:
        wide = [line for line in shot.split("\n") if len(line) >= COLUMNS]
        check("no line is as wide as the terminal", wide == [], wide)

    screen, status = run(resolve + ["-v", "delay-700.test", "delay-500.no\x1b[31m"])
    last = "\n".join(screen.lines)
    check("a message goes between", status == 1 and
          last.startswith("fetchpool resolve: invalid: delay-500.no\\x1b"), last)
    check("and the counts below it", last.count("\nread 2 ok 1 ") == 1 and
          "done" not in last, last)

    screen, status = run(resolve + ["delay-700.test"], signal.SIGINT)
    last = "\n".join(screen.lines)
    check("Ctrl-C leaves the terminal in order", status == 130 and
          "done" not in last and "stopping" in last and
          "\nread 1 ok 1 " in last, last)

    screen, status = run(resolve + ["--progress", "plain", "delay-400.test"])
    check("plain on a terminal", screen.shots == [], screen.shots)

    server.stdin.close()
    server.wait()
    if len(sys.argv) > 3:
        check_get(fetchpool, sys.argv[3])
    print(f"{failed} checks failed")
    return failed != 0


sys.exit(main())
