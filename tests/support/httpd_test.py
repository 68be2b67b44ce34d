# SPDX-License-Identifier: MIT
"""Tests the test server, so that a failure elsewhere is not its fault.

    python3 httpd_test.py PATH_OF_HTTPD"""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HTTPD = sys.argv.pop(1)
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
                        b"GET /%4 HTTP/1.1\n\n"):
            answer = self.raw(request)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400"), request)
        answer = self.raw(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
        self.assertTrue(answer.startswith(b"HTTP/1.1 405"))
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


unittest.main()
