"""A web client through a SOCKS port, the same for both networks. Times are in seconds from the moment the request is made."""
import concurrent.futures, re, socket, time

PAGE, BULK = "/page.html", "/bulk.bin"


class Web:
    """One connection to a web server; `who`, the SOCKS user, picks the circuit."""

    def __init__(self, host, who, port):
        self.host, self.asked = host, time.monotonic()
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name, dest = who.encode(), host.encode()
        self.say(b"\5\1\2", 2)
        self.say(b"\1%c%s\1x" % (len(name), name), 2)
        answer = self.say(b"\5\1\0\3%c%s\0\x50" % (len(dest), dest), 10)
        if len(answer) < 2 or answer[1]:
            raise OSError(f"SOCKS answer {answer[1:2].hex() or 'none'} for {host}")

    def say(self, data, expect):
        self.sock.sendall(data)
        return self.sock.recv(expect, socket.MSG_WAITALL)

    def get(self, path, asked=None):
        """(seconds to the first byte, to the last byte, body)"""
        asked = asked or time.monotonic()
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        data = self.sock.recv(1 << 18)
        first = time.monotonic() - asked
        while b"\r\n\r\n" not in data and (more := self.sock.recv(1 << 18)):
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise OSError(f"{path}: answer {head[:40]}")
        left = int(re.search(rb"Content-Length: (\d+)", head)[1]) - len(body)
        parts = [body]
        while left:
            parts.append(self.sock.recv(min(left, 1 << 18)))
            left -= len(parts[-1])
            if not parts[-1]:
                raise OSError("cut short")
        return first, time.monotonic() - asked, b"".join(parts)


def get(host, path, who, port):
    """On a connection of its own: (seconds to the first byte, to the last byte, bytes)."""
    web = Web(host, who, port)
    first, last, body = web.get(path, web.asked)
    web.sock.close()
    return first, last, len(body)


def site(host, who, port):
    """All 20 files as a browser would: the page first, then the rest over 6 connections."""
    start = time.monotonic()
    web = Web(host, who, port)
    html = web.get("/site/index.html")[2]
    files = re.findall(r'(?:src|href)="([^"]+)"', html.decode())
    idle, all_ = [web], [web]

    def fetch(name):
        conn = idle.pop() if idle else Web(host, who, port)
        if conn not in all_:
            all_.append(conn)
        size = len(conn.get("/site/" + name)[2])
        idle.append(conn)
        return size

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        total = len(html) + sum(pool.map(fetch, files))
    assert (len(files), total) == (19, 1_000_000)
    took = time.monotonic() - start
    for conn in all_:
        conn.sock.close()
    return took
