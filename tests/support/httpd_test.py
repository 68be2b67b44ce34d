# SPDX-License-Identifier: MIT
"""Tests the test server, so that a failure elsewhere is not its fault.

    python3 httpd_test.py PATH_OF_HTTPD"""

import gzip
import http.client
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

HTTPD = sys.argv.pop(1)
CERTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "certs.sh")
BIG = os.urandom(8_000_000)


def splitmix64(k):
    mask = (1 << 64) - 1
    k = (k + 1) * 0x9E3779B97F4A7C15 & mask
    k = (k ^ (k >> 30)) * 0xBF58476D1CE4E5B9 & mask
    k = (k ^ (k >> 27)) * 0x94D049BB133111EB & mask
    return (k ^ (k >> 31)).to_bytes(8, "little")


def make_tree(root):
    os.mkdir(root + "/a")
    for name, content in {"a/f x": b"hello", "big": BIG, "empty": b""}.items():
        with open(root + "/" + name, "wb") as file:
            file.write(content)
    os.symlink("/etc/passwd", root + "/link")
    os.symlink("/etc", root + "/folder")
    os.mkfifo(root + "/fifo")


class HttpdTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tempfile.TemporaryDirectory()
        make_tree(cls.tree.name)
        cls.server = subprocess.Popen([HTTPD, cls.tree.name], text=True,
                                      stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        url = cls.server.stdout.readline()
        assert url.startswith("http://127.0.0.1:") and url.endswith("/\n")
        cls.port = int(url.rsplit(":", 1)[1].strip("/\n"))
        cls.connection = http.client.HTTPConnection("127.0.0.1", cls.port)

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.server.stdout.close()
        cls.server.stdin.close()
        assert cls.server.wait() == 0
        cls.tree.cleanup()

    def get(self, path, method="GET"):
        self.connection.request(method, path)
        response = self.connection.getresponse()
        return response.status, response.read(), response.headers

    def raw(self, request, timeout=10):
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.settimeout(timeout)
            s.sendall(request)
            answer = b""
            while chunk := s.recv(65536):
                answer += chunk
            return answer

    def test_files_arrive_over_one_connection(self):
        for path in "/a/f%20x", "/a/f%20x?q=1", "/a//f%20x", "/a/./f%20x":
            self.assertEqual(self.get(path)[:2], (200, b"hello"), path)
        self.assertEqual(self.get("/big")[:2], (200, BIG))
        self.assertEqual(self.get("/empty")[:2], (200, b""))

    def test_head_has_the_length_and_no_body(self):
        status, body, headers = self.get("/big", "HEAD")
        self.assertEqual((status, body), (200, b""))
        self.assertEqual(headers["Content-Length"], str(len(BIG)))

    def test_nothing_outside_and_nothing_odd_is_served(self):
        for path in ("/", "/a", "/a/", "/none", "/link", "/folder/passwd",
                     "/fifo", "/../etc/passwd", "/a/../../etc/passwd",
                     "/%2e%2e/etc/passwd", "/a/f%20x/", "/a/f%20x/y", "/-/x",
                     "/-/status/199", "/-/status/600", "/-/delay/x/a"):
            self.assertEqual(self.get(path)[0], 404, path)

    def test_virtual_paths(self):
        for status in 200, 204, 304, 429, 503:
            path = "/-/status/%d" % status
            self.assertEqual(self.get(path)[0], status)
        expected = b"".join(splitmix64(k) for k in range(12501))[:100003]
        self.assertEqual(self.get("/-/bytes/100003")[1], expected)
        self.assertEqual(self.get("/-/delay/20/-/delay/5/a/f%20x")[1], b"hello")

    def test_redirects_end(self):
        path, n = "/-/redirect/3", 0
        while (answer := self.get(path))[0] == 302:
            path, n = answer[2]["Location"], n + 1
        self.assertEqual((path, n, len(answer[1])), ("/-/bytes/10", 3, 10))

    def test_broken_answers(self):
        answer = self.raw(b"GET /-/truncate HTTP/1.1\r\n\r\n")
        head, body = answer.split(b"\r\n\r\n", 1)
        self.assertIn(b"Content-Length: 1000", head)
        self.assertEqual(len(body), 400)
        self.assertEqual(self.raw(b"GET /-/close HTTP/1.1\r\n\r\n"), b"")
        with self.assertRaises(socket.timeout):
            self.raw(b"GET /-/hang HTTP/1.1\r\n\r\n", 0.05)

    def test_bad_requests_are_refused(self):
        for request in (b"garbage\r\n\r\n", b"GET /%zz HTTP/1.1\r\n\r\n",
                        b"GET /%00 HTTP/1.1\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n",
                        b"GET / x HTTP/1.1\r\n\r\n", b"GET a HTTP/1.1\r\n\r\n",
                        b"\0\0\0\n\n", b"GET /\n\n", b"GET /% HTTP/1.1\n\n",
                        b"GET /%4 HTTP/1.1\n\n", b"\x16\x03\x01"):
            answer = self.raw(request)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400"), request)
        for field, status in (("Content-Length: 1\r\nConnection: close", 405),
                              ("Content-Length: x", 400),
                              ("Content-Length: 5000000", 413),
                              ("Transfer-Encoding: chunked", 411)):
            answer = self.raw(b"POST / HTTP/1.1\r\n%b\r\n\r\nx" %
                              field.encode())
            self.assertTrue(answer.startswith(b"HTTP/1.1 %d" % status), field)
        answer = self.raw(b"GET /" + b"a" * 100000)
        self.assertTrue(answer.startswith(b"HTTP/1.1 431"))

    def test_pipelined_requests_are_all_answered(self):
        answer = self.raw(b"GET /empty HTTP/1.1\r\n\r\n" * 500 +
                          b"GET /-/bytes/3 HTTP/1.0\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 501)

    def test_many_connections_with_different_delays(self):
        wrong = []

        def client(i):
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            for k in range(20):
                delay = (i * 7 + k * 13) % 20
                connection.request("GET", f"/-/delay/{delay}/-/bytes/{k * 999}")
                if len(connection.getresponse().read()) != k * 999:
                    wrong.append((i, k))
            connection.close()

        threads = [threading.Thread(target=client, args=(i,))
                   for i in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def words(self, path):
        return self.get(path)[1].decode().split()

    def test_what_was_sent_comes_back(self):
        self.connection.request("PUT", "/-/echo/a%20b?q", b"x" * 100_000,
                                {"X-Some": "thing"})
        answer = self.connection.getresponse().read()
        self.assertTrue(answer.startswith(b"PUT /-/echo/a b\n"))
        self.assertIn(b"\nX-Some: thing\r\n", answer)
        self.assertTrue(answer.endswith(b"\r\n\r" + b"x" * 100_000))
        answer = self.raw(b"POST /-/echo HTTP/1.1\r\nContent-Length: 3\r\n"
                          b"Expect: 100-continue\r\n\r\nabcGET /empty HTTP/1.0"
                          b"\r\n\r\n")
        self.assertIn(b"\r\n\rabcHTTP/1.1 200 OK", answer)

    def test_the_first_requests_fail(self):
        for path, expected in (
                ("/-/flaky/2/f1/a/f%20x", [503, 503, 200, 200]),
                ("/-/fail/429/1/f2/-/status/204?retry-after=7", [429, 204])):
            got = [self.get(path) for _ in expected]
            self.assertEqual([answer[0] for answer in got], expected)
            self.assertEqual(got[0][2]["Retry-After"],
                             "7" if "?" in path else None)
        answer = self.raw(b"GET /-/fail/0/1/f3/empty HTTP/1.1\r\n\r\n")
        self.assertIn(b"Content-Length: 1000", answer)
        self.assertEqual(self.get("/-/fail/0/1/f3/empty")[:2], (200, b""))
        self.assertEqual(self.get("/-/flaky/x/f1/empty")[0], 404)
        self.assertEqual(self.get("/-/status/503?retry-after=Wed,%2021")[2]
                         ["Retry-After"], "Wed, 21")

    def test_throttling_ends(self):
        start = time.monotonic()
        while self.get("/-/throttle/50/t/empty")[0] == 429:
            pass
        self.assertGreaterEqual(time.monotonic() - start, 0.049)

    def test_requests_are_counted_and_logged(self):
        self.get("/-/forget")
        many = [http.client.HTTPConnection("127.0.0.1", self.port)
                for _ in range(5)]
        for connection in many:
            connection.request("GET", "/-/count/k/-/delay/100/empty")
        for connection in many:
            self.assertEqual(connection.getresponse().read(), b"")
            connection.close()
        self.assertEqual(self.words("/-/count/k"), ["5", "5"])
        self.get("/-/count/k/empty")
        self.assertEqual(self.words("/-/count/k"), ["6", "5"])
        self.assertEqual(self.words("/-/stats"), ["5", "6"])
        log = self.get("/-/log")[1].decode().splitlines()
        self.assertEqual(len(log), 6)
        self.assertEqual(log[5], "GET /-/count/k/empty 127.0.0.1:%d" % self.port)
        self.get("/-/forget")
        self.assertEqual(self.words("/-/stats"), ["0", "0"])
        self.assertEqual(self.words("/-/count/k"), ["0", "0"])

    def test_redirects_of_choice(self):
        for path, status, location in (
                ("/-/to?http://a/b?c=%25", 302, "http://a/b?c=%"),
                ("/-/to/307?/x", 307, "/x"), ("/-/loop", 302, "/-/loop")):
            got = self.get(path)
            self.assertEqual((got[0], got[2]["Location"]), (status, location))

    def test_parts_of_bytes(self):
        whole = self.get("/-/bytes/1000")[1]
        for field, status, expected in (("10-19", 206, whole[10:20]),
                                        ("990-", 206, whole[990:]),
                                        ("990-5000", 206, whole[990:]),
                                        ("-5", 200, whole)):
            self.connection.request("GET", "/-/bytes/1000",
                                    headers={"Range": "bytes=" + field})
            answer = self.connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (status, expected))

    def test_headers_of_any_size(self):
        answer = self.raw(b"GET /-/headers/5000 HTTP/1.0\r\n\r\n")
        self.assertEqual(answer.count(b"\r\n"), 5003)
        answer = self.raw(b"GET /-/bigheader/70000 HTTP/1.0\r\n\r\n")
        self.assertEqual(max(map(len, answer.split(b"\r\n"))), 69998)
        answer = self.raw(b"GET /-/continue/3 HTTP/1.0\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 100"), 3)

    def test_compressed_answers(self):
        for size in 0, 1, 65535, 65536, 200_001:
            got = self.get("/-/gzip/%d" % size)
            self.assertEqual(got[2]["Content-Encoding"], "gzip")
            self.assertEqual(gzip.decompress(got[1]),
                             self.get("/-/bytes/%d" % size)[1])
        bomb = self.get("/-/bomb/100000")[1]
        self.assertEqual(len(bomb), 100_000)
        opened = zlib.decompressobj(31).decompress(bomb)
        self.assertGreater(len(opened), 15_000_000)
        self.assertEqual(set(opened), {ord("x")})

    def test_answers_without_an_end(self):
        for path, repeated in (("endless", b"for ever and ever; "),
                               ("endless/chunked", b"5\r\nhello\r\n"),
                               ("endless-headers", b"X-Header: some text\r\n")):
            with socket.create_connection(("127.0.0.1", self.port)) as s:
                s.sendall(b"GET /-/%b HTTP/1.1\r\n\r\n" % path.encode())
                file = s.makefile("rb")
                answer = file.read(1_000_000)
                file.close()
            self.assertGreater(answer.count(repeated), 30_000, path)

    def test_broken_ends(self):
        for path, size in ("/-/reset", None), ("/-/refuse", None):
            with self.assertRaises(ConnectionResetError):
                self.raw(b"GET %b HTTP/1.1\r\n\r\n" % path.encode())
        with self.assertRaises(socket.timeout):
            self.raw(b"GET /-/stall/400 HTTP/1.1\r\n\r\n", 0.05)
        answer = self.raw(b"GET /-/cl/5x%20 HTTP/1.1\r\n\r\n")
        self.assertIn(b"Content-Length: 5x \r\n", answer)
        for path in (b"banner", b"http09", b"te-twice", b"chunks/size"):
            answer = self.raw(b"GET /-/%b HTTP/1.1\r\n\r\n" % path)
            self.assertNotIn(b" 404 ", answer, path)
        answer = self.raw(b"GET /-/keepalive-close HTTP/1.1\r\n\r\n")
        self.assertIn(b"keep-alive", answer)

    def test_bytes_drip(self):
        for path, least in ("/-/drip/2/-/bytes/10", 9), ("/-/slow/1/empty", 50):
            start = time.monotonic()
            self.assertEqual(self.get(path)[0], 200)
            ms = int(path.split("/")[3])
            self.assertGreaterEqual(time.monotonic() - start,
                                    least * ms * 0.001)


class AddressesTest(unittest.TestCase):
    def test_several_addresses_and_tls(self):
        with tempfile.TemporaryDirectory() as tree:
            subprocess.run(["sh", CERTS, tree], check=True)
            server = subprocess.Popen(
                [HTTPD, "-n", "3", "-a", "127.0.0.2", "-t", tree + "/good.pem",
                 "-t", tree + "/name.pem", tree], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            urls = [server.stdout.readline().strip() for _ in range(6)]
            for url in urls[:4]:
                connection = http.client.HTTPConnection(url[7:-1])
                connection.request("GET", "/-/status/204")
                self.assertEqual(connection.getresponse().status, 204)
                connection.close()
            context = ssl.create_default_context(cafile=tree + "/ca.pem")
            connection = http.client.HTTPSConnection(urls[4][8:-1],
                                                     context=context)
            for path in ("/-/bytes/1000000", "/ca.pem") * 3:
                connection.request("GET", path)
                self.assertGreater(len(connection.getresponse().read()), 100)
            connection.close()
            connection = http.client.HTTPSConnection(urls[5][8:-1],
                                                     context=context)
            with self.assertRaises(ssl.SSLCertVerificationError):
                connection.request("GET", "/")
            connection.close()
            server.stdin.close()
            server.stdout.close()
            self.assertEqual(server.wait(), 0)


unittest.main()
