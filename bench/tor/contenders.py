"""The two networks as `measure` sees them: where their client listens, how it starts cold, and what their relays use."""
import json, os, pathlib, re, shutil, socket, subprocess, time


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def until(proc, sign):
    for line in proc.stdout:
        if sign in line:
            return
    raise OSError("the cold client ended")


class Contender:
    def __init__(self, net):
        self.net = net

    def pids(self, *starts):
        return [pid for name, (pid, _) in self.net.info["pids"].items() if name.startswith(starts)]

    def relay_cpu(self):
        return sum(map(cpu, self.relays))

    def cold(self, get):
        """A client without data: (seconds from its launch to ready, to the first byte, its memory in MB)."""
        home = self.net.path / "cold"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        start = time.monotonic()
        command, sign, port = self.cold_client(home)
        proc = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            until(proc, sign)
            ready = time.monotonic() - start
            first, last, _ = get(self.host, "/page.html", "cold", port)
            return ready, time.monotonic() - start - last + first, rss_mb(proc.pid)
        finally:
            proc.terminate()
            proc.wait()


class Tor(Contender):
    name = "tor"

    def __init__(self, net):
        super().__init__(net)
        self.host, self.port = net.info["onion"], net.info["socks"]
        self.relays, self.ordinary = self.pids("auth", "relay"), self.pids("relay")

    def cold_client(self, home):
        lines = (self.net.path / "client/torrc").read_text().replace(str(self.net.path / "client"), str(home))
        (home / "torrc").write_text(lines.replace(f":{self.port}", ":9150"))
        return ["tor", "--defaults-torrc", str(self.net.path / "empty"), "-f", str(home / "torrc")], "Bootstrapped 100%", 9150

    def _control(self, name, line):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self.net.path / name / "control"))
        sock.sendall(f'AUTHENTICATE ""\r\n{line}\r\nQUIT\r\n'.encode())
        text = b""
        while part := sock.recv(4096):
            text += part
        return text.decode()

    def written(self):
        """Bytes that each relay has written, by a key that stays."""
        names = [name for name in self.net.info["pids"] if name.startswith(("auth", "relay"))]
        return {n: int(re.search(r"traffic/written=(\d+)", self._control(n, "GETINFO traffic/written"))[1]) for n in names}


class GlobalNet(Contender):
    name = "globalnet"

    def __init__(self, net):
        super().__init__(net)
        self.own = net.info["globalnet"]
        self.host, self.port = self.own["address"], self.own["socks"]
        self.relays = self.ordinary = self.pids("gnet-relay")

    def cold_client(self, home):
        command = ["node", self.own["gnet"], "proxy", "--listen", "127.0.0.1:9350", "--data", str(home), "--json"]
        return [*command, *self.own["joins"]], '"listens"', 9350

    def written(self):
        """Of each link of each relay: a link that closes meanwhile is not counted."""
        said = subprocess.run(["node", self.own["gnet"], "status", "--json", "--data", self.own["data"]],
                              capture_output=True, text=True).stdout
        every = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        return {(one["pid"], link["peer"]): link["sentBytes"] for one in every if one["pid"] in self.relays
                for link in one["peer"]["links"]}
