"""What `up-tor` and `up-globalnet` share: a namespace of its own, processes in it, and a file that says what runs."""
import json, pathlib, subprocess, sys, time


class Network:
    """A state directory: `state.json` in it holds the namespace, addresses, and each process's id and start time."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        file = self.path / "state.json"
        self.info = json.loads(file.read_text()) if file.exists() else {"netns": self.path.name, "pids": {}}
        self.inside = ["ip", "netns", "exec", self.info["netns"]]

    def save(self):
        (self.path / "state.json").write_text(json.dumps(self.info, indent=1))

    def run(self, *command, **more):
        done = subprocess.run(command, capture_output=True, text=True, **more)
        if done.returncode:
            sys.exit(f"{command[:6]} failed: {done.stdout}{done.stderr}\nthen run: down {self.path}")
        return done.stdout

    def start(self, name, *command, netns=None):
        """In the namespace, or another; what it says goes to <name>.out."""
        with open(self.path / f"{name}.out", "w") as out, open(self.path / f"{name}.err", "w") as err:
            pid = subprocess.Popen(["ip", "netns", "exec", netns or self.info["netns"], *command],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True).pid
        born = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
        self.info["pids"][name] = [pid, born]   # the start time guards against a reused pid
        self.save()

    def said(self, name):
        return (self.path / f"{name}.out").read_text()

    def wait_for(self, what, seconds, test):
        end = time.monotonic() + seconds
        while not test():
            if time.monotonic() > end:
                sys.exit(f"{what}: not within {seconds} s; see {self.path}, then run: down {self.path}")
            time.sleep(0.2)
        print(f"{what}: ok", file=sys.stderr)
