# SPDX-License-Identifier: MIT
"""Tests the scripted DNS server and the relay, so that a failure elsewhere is
not their fault.

    python3 dnsd_test.py PATH_OF_DNSD PATH_OF_DNS_RELAY"""

import json
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

RELAY = sys.argv.pop(2)
DNSD = sys.argv.pop(1)
A, NS, CNAME, SOA, TXT, AAAA, OPT = 1, 2, 5, 6, 16, 28, 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)


def query(name, qtype=A, qid=4660, opt=1232):
    labels = [label.encode() for label in name.split(".") if label]
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    text = struct.pack("!6H", qid, 0x100, 1, 0, 0, 1 if opt else 0)
    text += wire + struct.pack("!2H", qtype, 1)
    if opt:
        text += b"\0" + struct.pack("!HHIH", OPT, opt, 0, 0)
    return text


def read_name(message, at):
    labels, end, jumps = [], None, 0
    while message[at]:
        if message[at] >= 0xC0:
            end = end or at + 2
            target = struct.unpack("!H", message[at:at + 2])[0] & 0x3FFF
            assert target < at, "a pointer that does not go back"
            at = target
            jumps += 1
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += 1 + message[at]
    return ".".join(labels), end or at + 1


class Answer:
    def __init__(self, message):
        self.bytes = message
        self.id, flags, n_questions, *counts = struct.unpack("!6H",
                                                             message[:12])
        self.rcode, self.tc = flags & 15, bool(flags & 0x200)
        assert flags & 0x8000
        at = 12
        if n_questions:
            self.name, at = read_name(message, at)
            self.type, = struct.unpack("!H", message[at:at + 2])
            at += 4
        self.sections = []
        for count in counts:
            self.sections.append([])
            for _ in range(count):
                at = self.read_record(at, self.sections[-1])
        assert at == len(message), "bytes behind the message"
        self.answers, self.authority, additional = self.sections
        self.opt = [r for r in additional if r[1] == OPT]

    def read_record(self, at, section):
        owner, at = read_name(self.bytes, at)
        rtype, _, ttl, size = struct.unpack("!HHIH", self.bytes[at:at + 10])
        at += 10
        data = self.bytes[at:at + size]
        assert len(data) == size
        if rtype in (NS, CNAME):
            data = read_name(self.bytes, at)[0]
        elif rtype == A:
            data = socket.inet_ntoa(data)
        section.append((owner, rtype, ttl, data))
        return at + size


class Server:
    def __init__(self, *options, program=DNSD):
        self.process = subprocess.Popen([program, *options], text=True,
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.socket = self.connect()
        self.next_id = 0

    def connect(self, family=socket.AF_INET, host="127.0.0.1"):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.settimeout(20)
        s.connect((host, self.port))
        return s

    def ask(self, name, qtype=A, **more):
        self.next_id += 1
        self.socket.send(query(name, qtype, self.next_id, **more))
        answer = Answer(self.socket.recv(65536))
        assert answer.id == self.next_id
        return answer

    def raw(self, name, **more):
        self.socket.send(query(name, **more))
        return self.socket.recv(65536)

    def tcp(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.settimeout(20)
        return s

    def ask_tcp(self, name, qtype=A):
        with self.tcp() as s:
            send_tcp(s, query(name, qtype))
            return Answer(read_tcp(s))

    def signal(self, number):
        self.process.send_signal(number)
        return self.process.stdout.readline().strip()

    def stop(self):
        """Ends it; returns its counters."""
        self.socket.close()
        self.process.stdin.close()
        counters = json.loads(self.process.stdout.read())
        self.process.stdout.close()
        assert self.process.wait() == 0
        return counters


def send_tcp(s, *messages):
    s.sendall(b"".join(struct.pack("!H", len(m)) + m for m in messages))


def read_exactly(s, size):
    data = b""
    while len(data) < size:
        part = s.recv(size - len(data))
        if not part:
            raise EOFError(data)
        data += part
    return data


def read_tcp(s):
    return read_exactly(s, struct.unpack("!H", read_exactly(s, 2))[0])


class Case(unittest.TestCase):
    def start(self, *options, **more):
        server = Server(*options, **more)
        self.addCleanup(self.end, server)
        return server

    @staticmethod
    def end(server):
        if not server.process.stdout.closed:
            server.stop()


class WordsTest(Case):
    def setUp(self):
        self.server = self.start()

    def codes(self, *names):
        return [self.server.ask(name).rcode for name in names]

    def data(self, name, qtype=A):
        return [r[3] for r in self.server.ask(name, qtype).answers]

    def test_addresses(self):
        self.assertEqual(self.data("a-1-2-3-255.b.test"), ["1.2.3.255"])
        for name in "a-1-2-3-256.x", "a-1-2-3.x", "a-1-2-3-4-5.x", "a.b", "b":
            self.assertRegex(self.data(name)[0], r"^127\.", name)
        self.assertEqual(self.data("some.name"), self.data("some.name"))
        self.assertNotEqual(self.data("some.name"), self.data("some.names"))
        self.assertEqual(self.data("a-1-2-3-4.test", AAAA), [])

    def test_codes(self):
        names = ("nx", "nx7.a", "nx-a.b", "servfail.a", "refused1", "notimp.a",
                 "rcode-9.a", "nxa", "bigger", "delays.test", "shorts")
        expected = [NXDOMAIN, NXDOMAIN, NXDOMAIN, SERVFAIL, REFUSED, NOTIMP, 9,
                    0, 0, 0, 0]
        self.assertEqual(self.codes(*names), expected)
        for name in "nx.a.b", "nodata.a.b":
            answer = self.server.ask(name)
            self.assertEqual(answer.answers, [])
            self.assertEqual([r[:2] for r in answer.authority], [("b", SOA)])
        answer = self.server.ask("rcode-23.a")
        self.assertEqual((answer.rcode, answer.opt[0][2] >> 24), (7, 1))
        answer = self.server.ask("ede-22.a")
        self.assertEqual(answer.rcode, SERVFAIL)
        self.assertEqual(answer.opt[0][3], struct.pack("!3H", 15, 2, 22))

    def test_formerr_is_cured_by_leaving_out_opt(self):
        answer = self.server.ask("formerr.a")
        self.assertEqual((answer.rcode, answer.opt), (FORMERR, []))
        self.assertEqual(self.server.ask("formerr.a", opt=0).rcode, NOERROR)

    def test_silence(self):
        self.server.socket.send(query("silent.a"))
        self.assertEqual(self.server.ask("x").name, "x")

    def test_every_type_has_a_record(self):
        for qtype in [*range(1, 41), *range(42, 70), 99, 108, 255, 256, 257,
                      65280]:
            answer = self.server.ask("some.test", qtype)
            self.assertEqual([r[:3] for r in answer.answers],
                             [("some.test", qtype, 300)])
        self.assertEqual(self.data("a.b", CNAME), ["target.example.test"])
        self.assertEqual(self.data("a.b", 65280)[0][-2:], b"\xff\x00")

    def test_chains(self):
        answer = self.server.ask("cname-3.x.test")
        owners = ["cname-3.x.test"] + ["l00%d.x.test" % i for i in (1, 2, 3)]
        self.assertEqual([r[0] for r in answer.answers], owners)
        self.assertEqual([r[3] for r in answer.answers[:3]], owners[1:])
        self.assertEqual(answer.answers[3][1], A)
        answer = self.server.ask("cnamenx-2.x.test")
        self.assertEqual([r[1] for r in answer.answers], [CNAME, CNAME])
        self.assertEqual((answer.rcode, len(answer.authority)), (NXDOMAIN, 1))
        answer = self.server.ask("cnameloop.x.test")
        self.assertEqual([r[3] for r in answer.answers],
                         ["l001.x.test", "cnameloop.x.test"])
        answer = self.server.ask("cname-200")
        self.assertEqual((answer.tc, answer.answers), (True, []))
        self.assertEqual(len(self.server.ask_tcp("cname-200").answers), 201)

    def test_first_queries(self):
        self.server.socket.send(query("flaky-2.a"))
        self.server.socket.send(query("flaky-2.A"))
        self.assertEqual(self.codes("flaky-2.a"), [NOERROR])
        self.assertEqual(self.codes(*["failfirst-2.nx.a"] * 3),
                         [SERVFAIL, SERVFAIL, NXDOMAIN])
        self.assertEqual(self.codes("failfirst.a", "failfirst.a"),
                         [SERVFAIL, NOERROR])

    def test_delays(self):
        start = time.monotonic()
        self.server.socket.send(query("delay-80.a", qid=1))
        self.server.socket.send(query("late-40.a", qid=2))
        self.server.socket.send(query("a", qid=3))
        ids = [Answer(self.server.socket.recv(512)).id for _ in range(3)]
        self.assertEqual(ids, [3, 2, 1])
        self.assertGreaterEqual(time.monotonic() - start, 0.08)

    def test_duplicates(self):
        self.server.socket.send(query("dup.a", qid=1))
        self.server.socket.send(query("dup-3.a", qid=2))
        ids = [Answer(self.server.socket.recv(512)).id for _ in range(5)]
        self.assertEqual(ids, [1, 1, 2, 2, 2])

    def test_wrong_answers(self):
        ask = self.server.raw
        self.assertEqual(Answer(ask("wrongid.a", qid=1)).id, 1 ^ 0x5555)
        self.assertEqual(Answer(ask("wrongname.a")).name, "xrongname.a")
        self.assertEqual(Answer(ask("wrongtype.a")).type, TXT)
        self.assertEqual(Answer(ask("WrongCase.A")).name, "wrongcase.a")
        self.assertEqual(Answer(ask("NX.A")).name, "NX.A")
        lie = Answer(ask("lie.a"))
        self.assertEqual(lie.answers[0][0], "unrelated.example.test")
        self.assertEqual(len(ask("short.a")), 5)
        garbage = ask("garbage.a", qid=258)
        self.assertEqual((garbage[:2], len(garbage)), (b"\1\2", 42))
        self.assertIn(b"\xc0", ask("loop.a")[12 + 12:])
        with self.assertRaises(AssertionError):
            Answer(ask("loop.a"))
        answer = ask("noquestion.a")
        self.assertEqual((len(answer), answer[3] & 15), (12, REFUSED))
        self.assertEqual(Answer(ask("ttl-77.a")).answers[0][2], 77)

    def test_another_port(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(20)
            s.sendto(query("also.wrongport.a"), ("127.0.0.1", self.server.port))
            ports = [s.recvfrom(512)[1][1] for _ in range(2)]
            self.assertNotEqual(ports[0], self.server.port)
            self.assertEqual(ports[1], self.server.port)

    def test_also_sends_the_good_answer(self):
        self.server.socket.send(query("also.wrongid.a", qid=1))
        ids = [Answer(self.server.socket.recv(512)).id for _ in range(2)]
        self.assertEqual(ids, [1 ^ 0x5555, 1])
        self.assertEqual(len(self.server.raw("also.short.a")), 5)
        answer = Answer(self.server.socket.recv(512))
        self.assertEqual((answer.rcode, len(answer.answers)), (NOERROR, 1))

    def test_sizes(self):
        answer = self.server.ask("many-20.a")
        self.assertEqual(len({r[3] for r in answer.answers}), 20)
        answer = self.server.ask("many-60.a", opt=0)
        self.assertEqual((answer.tc, answer.answers, answer.opt), (True, [], []))
        self.assertLessEqual(len(self.server.ask("many-74.a").bytes), 1232)
        answer = self.server.ask("many-75.a") # with OPT, too much
        self.assertEqual((answer.tc, len(answer.opt)), (True, 1))
        self.assertTrue(self.server.ask("big.a").tc)
        self.assertGreater(len(self.server.ask_tcp("big.a").bytes), 60000)
        self.assertGreater(len(self.server.ask_tcp("big.a", TXT).bytes), 60000)

    def test_truncation(self):
        self.assertTrue(self.server.ask("tc.a").tc)
        answer = self.server.ask_tcp("tc.a")
        self.assertEqual((answer.tc, len(answer.answers)), (False, 100))
        self.assertTrue(self.server.ask("tc.nx.a").tc)
        self.assertEqual(self.server.ask_tcp("tc.nx.a").rcode, NXDOMAIN)
        for answer in self.server.ask("tconly.a"), self.server.ask_tcp("tconly"):
            self.assertEqual((answer.tc, len(answer.answers)), (True, 2))

    def test_zones(self):
        data = self.data
        self.assertEqual(data("nx.any.wild.test"), ["10.9.9.9"])
        self.assertEqual(data("x.Wild.Test"), ["10.9.9.9"])
        self.assertEqual(data("x.wild.test", TXT), [])
        self.assertEqual(len(data("x.wild.test", AAAA)), 1)
        self.assertRegex(data("exists-1.wild.test")[0], r"^127\.")
        many = {data("n%d.wildmany.test" % i)[0] for i in range(64)}
        self.assertEqual(many, {"10.9.9.%d" % i for i in range(9, 13)})
        self.assertEqual(self.codes("exists.real.test", "servfail.real.test",
                                    "nx.dict.test", "dict.test", "xwild.test"),
                         [NOERROR, NXDOMAIN, NOERROR, NOERROR, NOERROR])

    def test_malformed_queries_are_ignored(self):
        good = query("x.test", opt=0)
        for bad in (b"", b"x", good[:12], good[:-1], b"\0" * 12,
                    good[:12] + b"\xc0\x0c\0\1\0\1", good[:12] + b"\x40" * 80,
                    good[:2] + b"\x81\0" + good[4:]):
            self.server.socket.send(bad)
        self.assertEqual(self.server.ask("y").name, "y")
        self.assertEqual(self.server.stop()["malformed"], 8)

    def test_counters(self):
        for name in "one", "two", "One":
            self.server.ask(name)
        self.server.ask("one", TXT, opt=0)
        with self.server.connect() as s:
            s.send(query("tc.a", qid=1))
            s.recv(512)
        self.server.ask_tcp("tc.a")
        counters = self.server.stop()
        wanted = {"udp": 5, "tcp": 1, "connections": 1, "answered": 6, "tc": 1,
                  "repeated": 2, "capitals": 1, "opt": 5, "ports": 2, "ids": 5,
                  "malformed": 0, "dropped": 0}
        self.assertEqual({k: counters[k] for k in wanted}, wanted)
        self.assertLessEqual(counters["peak_100ms"], 6)


class TcpTest(Case):
    def test_pipelining(self):
        server = self.start()
        with server.tcp() as s:
            send_tcp(s, *[query("n%d.test" % i, qid=i) for i in range(3000)])
            ids = [Answer(read_tcp(s)).id for _ in range(3000)]
            self.assertEqual(ids, list(range(3000)))
            send_tcp(s, query("delay-30.a", qid=1), query("b", qid=2))
            self.assertEqual([Answer(read_tcp(s)).id for _ in "ab"], [2, 1])

    def test_a_query_in_pieces(self):
        with self.start().tcp() as s:
            message = query("x.test")
            for byte in struct.pack("!H", len(message)) + message:
                s.send(bytes([byte]))
            self.assertEqual(Answer(read_tcp(s)).name, "x.test")

    def test_reverse(self):
        server = self.start("--reverse", "3")
        with server.tcp() as s:
            send_tcp(s, *[query("x", qid=i) for i in range(1, 8)])
            s.shutdown(socket.SHUT_WR)
            ids = [Answer(read_tcp(s)).id for _ in range(7)]
            self.assertEqual(ids, [3, 2, 1, 6, 5, 4, 7])
            self.assertEqual(s.recv(1), b"")

    def test_manners(self):
        server = self.start()
        for word in "tcpclose", "tcphalf", "tcpslow":
            self.assertTrue(server.ask(word + ".a").tc)
        with self.assertRaises(EOFError) as caught:
            server.ask_tcp("tcpclose.a")
        self.assertEqual(caught.exception.args[0], b"")
        with self.assertRaises(EOFError) as caught:
            server.ask_tcp("tcphalf.a")
        self.assertGreater(len(caught.exception.args[0]), 12)
        self.assertEqual(server.ask_tcp("tcpslow.a").name, "tcpslow.a")
        with server.tcp() as s:
            send_tcp(s, query("tcpslow.a", qid=1), query("b", qid=2))
            self.assertEqual([Answer(read_tcp(s)).id for _ in "ab"], [1, 2])

    def test_a_connection_ends_after_so_many(self):
        with self.start("--tcp-queries", "2").tcp() as s:
            send_tcp(s, *[query("x", qid=i) for i in range(3)])
            self.assertEqual([Answer(read_tcp(s)).id for _ in "ab"], [0, 1])
            with self.assertRaises((EOFError, ConnectionResetError)):
                read_tcp(s)

    def test_no_tcp(self):
        server = self.start("--no-tcp")
        self.assertRaises(ConnectionRefusedError, server.tcp)


class OptionsTest(Case):
    def test_a_resolver_that_refuses(self):
        server = self.start("--rcode", "5")
        self.assertEqual(server.ask("x").rcode, REFUSED)
        self.assertEqual(server.ask_tcp("nx").rcode, REFUSED)

    def test_lower(self):
        self.assertEqual(self.start("--lower").ask("MiXeD.a").name, "mixed.a")

    def test_no_edns(self):
        server = self.start("--no-edns")
        self.assertEqual(server.ask("x").rcode, FORMERR)
        self.assertEqual(server.ask("x", opt=0).rcode, NOERROR)

    def test_drop_loses_about_what_it_says(self):
        server = self.start("--drop", "30", "--seed", "1")
        with server.tcp() as s:
            send_tcp(s, *[query("n%d" % i) for i in range(1000)])
            s.shutdown(socket.SHUT_WR)
            n_answers = 0
            while s.recv(1, socket.MSG_PEEK):
                read_tcp(s)
                n_answers += 1
        counters = server.stop()
        self.assertEqual(counters["dropped"], 1000 - n_answers)
        self.assertAlmostEqual(counters["dropped"], 300, delta=60)

    def test_limits(self):
        server = self.start("--refuse-above", "1")
        codes = [server.ask("n%d" % i).rcode for i in range(9)]
        self.assertEqual(codes[0], NOERROR)
        self.assertIn(REFUSED, codes)
        self.assertEqual(server.stop()["limited"], codes.count(REFUSED))

    def test_a_server_that_dies_and_returns(self):
        server = self.start("--die-after", "2")
        server.ask("a")
        server.ask("b")
        server.socket.send(query("c"))
        self.assertEqual(server.signal(signal.SIGUSR1), "answering")
        self.assertEqual(server.ask("d").name, "d")
        self.assertEqual(server.signal(signal.SIGUSR1), "silent")
        server.socket.send(query("e"))
        self.assertEqual(server.signal(signal.SIGUSR1), "answering")
        self.assertEqual(server.ask("f").name, "f")
        self.assertEqual(server.stop()["silenced"], 2)

    def test_a_server_whose_port_closes(self):
        server = self.start()
        with server.tcp() as s:
            send_tcp(s, query("a"))
            read_tcp(s)
            server.socket.send(query("delay-100000.a"))
            self.assertEqual(server.signal(signal.SIGUSR2), "gone")
            self.assertEqual(s.recv(1), b"")
        server.socket.send(query("a"))
        with self.assertRaises(ConnectionRefusedError):
            server.socket.recv(512)
        self.assertRaises(ConnectionRefusedError, server.tcp)
        self.assertEqual(server.signal(signal.SIGUSR2), "back")
        self.assertEqual(server.ask("b").name, "b")
        self.assertEqual(server.ask_tcp("c").name, "c")

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as s:
                s.bind(("::1", 0))
        except OSError: # this system has none
            said = subprocess.run([DNSD, "--ipv6"], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
            self.assertIn("cannot listen", said.stderr)
            return
        server = self.start("--ipv6")
        with server.connect(socket.AF_INET6, "::1") as s:
            s.send(query("x"))
            self.assertEqual(Answer(s.recv(512)).name, "x")
        self.assertEqual(server.ask("y").name, "y")

    def test_delay_and_log(self):
        with tempfile.NamedTemporaryFile("r") as log:
            server = self.start("--delay", "20", "--log", log.name)
            start = time.monotonic()
            server.ask("Ab.c", TXT)
            self.assertGreaterEqual(time.monotonic() - start, 0.02)
            port = server.socket.getsockname()[1]
            server.stop()
            fields = log.read().split()
            self.assertEqual(fields[1:], ["udp", str(port), "1", "16", "Ab.c"])

    def test_ask(self):
        server = self.start()
        for name, expected in ("many-7.a", "0 7\n"), ("nx.a", "3 0\n"):
            said = subprocess.run([DNSD, "--ask", str(server.port), name],
                                  stdout=subprocess.PIPE, text=True, check=True)
            self.assertEqual(said.stdout, expected)

    def test_bad_options(self):
        for options in (["x"], ["--port", "70000"], ["--drop", "101"],
                        ["--delay", "x"], ["--ask", "1"], ["--none"]):
            said = subprocess.run([DNSD, *options], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
            self.assertEqual(said.returncode, 2, options)

    def test_sigterm_ends_it(self):
        server = self.start()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(json.loads(server.process.stdout.read())["udp"], 0)
        self.assertEqual(server.process.wait(), 0)
        server.process.stdout.close()
        server.process.stdin.close()
        server.socket.close()


class RelayTest(Case):
    def relay(self, *options):
        self.server = self.start()
        return self.start(*options, str(self.server.port), program=RELAY)

    def test_it_relays_for_many_clients(self):
        relay = self.relay("--delay", "0")
        clients = [relay.connect() for _ in range(100)]
        for i, client in enumerate(clients):
            client.send(query("a-0-0-0-%d.test" % i, qid=i))
        for i, client in enumerate(clients):
            answer = Answer(client.recv(512))
            self.assertEqual((answer.id, answer.answers[0][3]),
                             (i, "0.0.0.%d" % i))
            client.close()
        counters = relay.stop()
        self.assertEqual(counters, {"queries": 100, "replies": 100, "lost": 0,
                                    "lost_replies": 0, "overflow": 0,
                                    "clients": 100})
        self.assertEqual(self.server.stop()["ports"], 100)

    def test_it_delays_both_ways(self):
        relay = self.relay("--delay", "30", "--jitter", "5")
        start = time.monotonic()
        relay.socket.send(query("a", qid=1))
        relay.socket.send(query("b", qid=2))
        ids = {Answer(relay.socket.recv(512)).id for _ in range(2)}
        self.assertEqual(ids, {1, 2})
        self.assertGreaterEqual(time.monotonic() - start, 0.05)
        self.assertLess(time.monotonic() - start, 10)

    def test_it_loses_all(self):
        relay = self.relay("--delay", "0", "--loss", "100")
        relay.socket.send(query("a"))
        self.assertEqual(relay.stop()["lost"], 1)
        self.assertEqual(self.server.stop()["udp"], 0)

    def wait_for(self, relay, **wanted):
        counters = {}
        while any(counters.get(k) != n for k, n in wanted.items()):
            counters = json.loads(relay.signal(signal.SIGUSR1))
        return counters

    def test_it_loses_about_what_it_says_both_ways(self):
        relay = self.relay("--delay", "0", "--loss", "20", "--seed", "3")
        answered = 0
        lost_up = lost = 0
        # A few at a time, each read before the next: no buffer on the way may
        # be the one that loses them.
        for sent in range(10, 201, 10):
            for i in range(sent - 10, sent):
                relay.socket.send(query("n%d" % i))
            counters = self.wait_for(relay, queries=sent)
            lost_up = counters["lost"] - counters["lost_replies"]
            lost = self.wait_for(relay, replies=sent - lost_up)["lost"]
            while answered < sent - lost:
                relay.socket.recv(512)
                answered += 1
        self.assertEqual(answered, 200 - lost)
        relay.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            relay.socket.recv(512)
        self.assertAlmostEqual(lost_up, 40, delta=20)
        self.assertAlmostEqual(lost - lost_up, 32, delta=20)

    def test_a_server_that_refuses_is_not_its_end(self):
        relay = self.relay("--delay", "0")
        self.assertEqual(self.server.signal(signal.SIGUSR2), "gone")
        relay.socket.send(query("a"))
        self.wait_for(relay, queries=1)
        self.assertEqual(self.server.signal(signal.SIGUSR2), "back")
        self.assertEqual(relay.ask("b").name, "b")


unittest.main()
