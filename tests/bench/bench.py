"""What the layer and its server cost beside what others would take: one command, one table.

    python3 tests/bench/bench.py BUILD [--quick] [--only SCENARIO,...] [--servers NAME+NAME...]
                                 [--output FILE]

BUILD is a folder that CMake has built. The server has one core to itself and the load another one;
rounds are interleaved. The figure that counts is the server's processor time for a request, as a
ratio to raw epoll's in the same round: the median of the rounds, and their spread. FILE (its end
is .json) is written as JSON, and its picture beside it as SVG.
"""
import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

import idle
import plot
from servers import RAW, Servers

# kind of load: 0 round trips, 1 bulk, 2 short connections
SCENARIOS = {
    "echo_100": dict(title="echo 64 B, 100 connections", mode="echo", kind=0, connections=100),
    "echo_1000": dict(title="echo 64 B, 1,000 connections", mode="echo", kind=0, connections=1000),
    "echo_10000": dict(title="echo 64 B, 10,000 connections", mode="echo", kind=0,
                       connections=10000, rounds=3),
    "echo_16k": dict(title="echo 16 KiB, 100 connections", mode="echo", kind=0, connections=100,
                     size=16384),
    "bulk": dict(title="bulk, 1 GiB, for each MiB", mode="echo", kind=1, connections=1,
                 size=1 << 20, requests=1024, rounds=3),
    "short": dict(title="short connections, 64 at once", mode="greet", kind=2, connections=64),
}
MANY_IDLE = 18000
IDLE = 10000
PATIENCE = 400


def log(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.servers = Servers(os.path.abspath(options.build), log)
        self.load = os.path.join(self.servers.here, "bench_load")
        self.milliseconds = 200 if options.quick else 600
        cores = sorted(os.sched_getaffinity(0))
        self.pinned = len(cores) > 1 and shutil.which("taskset") is not None
        self.server_core = ["taskset", "-c", str(cores[0])] if self.pinned else []
        self.load_core = ["taskset", "-c", str(cores[-1])] if self.pinned else []

    def names(self):
        chosen = self.options.servers
        return [n for n in self.servers.commands if chosen is None or n in chosen or n == RAW]

    def rounds_of(self, scenario):
        return 2 if self.options.quick else scenario.get("rounds", 4)

    def run(self, commands, before=None, **keys):
        """The samples of one start of the load: commands is name to words."""
        words = [*(self.load_core if before is None else before), self.load]
        words += [f"{key}={value}" for key, value in keys.items()]
        for name, command in commands.items():
            words += ["--", name, *command]
        load = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
        try:
            output, _ = load.communicate(timeout=PATIENCE)
        finally:
            if load.poll() != 0:
                os.killpg(load.pid, signal.SIGKILL)     # its servers too
        if load.returncode != 0:
            sys.exit("bench: the load has failed")
        return [json.loads(line) for line in output.splitlines()]

    # The first round of what has no given number of requests warms up: compilers of node and .NET.
    def measure(self, scenario):
        commands = {n: self.servers.command(n, scenario["mode"], self.server_core)
                    for n in self.names()}
        warm = 0 if "requests" in scenario else 1
        keys = {k: scenario[k] for k in ("kind", "connections", "size", "requests")
                if k in scenario}
        samples = self.run(commands, milliseconds=self.milliseconds,
                           rounds=self.rounds_of(scenario) + warm, **keys)
        samples = [s for s in samples if s["round"] >= warm]
        raw = {s["round"]: s["cpu_us"] for s in samples if s["server"] == RAW}
        return {name: summary([s for s in samples if s["server"] == name], raw)
                for name in commands}

    def system_calls(self, mode, kind, connections):
        """For each request, from the difference of two runs, so that the start has no part."""
        counts = {}
        for name in self.names():
            totals = []
            for requests in (2000, 6000):
                path = os.path.join(self.servers.folder.name, "strace")
                if os.path.exists(path):
                    os.unlink(path)
                tracer = ["strace", "-D", "-f", "-c", "-U", "name,calls", "-o", path]
                self.run({name: self.servers.command(name, mode, tracer)}, before=[], kind=kind,
                         connections=connections, requests=requests)
                totals.append(total_calls(path))
            counts[name] = round((totals[1] - totals[0]) / 4000, 2)
        return counts

    def many(self):
        """The same number of requests under way, without and with many idle connections."""
        ratios = {}
        for name in self.names():
            if not name.startswith(("tenon, ", "server, ")) or name.endswith(", poll"):
                continue
            pairs = []
            for _ in range(1 if self.options.quick else 3):
                few, all_of_them = (
                    self.run({name: self.servers.command(name, "echo", self.server_core)},
                             connections=1000, idle=idle_count, milliseconds=self.milliseconds)[0]
                    for idle_count in (0, MANY_IDLE))
                pairs.append(all_of_them["cpu_us"] / few["cpu_us"])
            ratios[name] = spread(pairs)
        return ratios

    def cores(self):
        """One and two loops of the server on two cores, the load beside them with the least
        priority."""
        results = {}
        for backend in self.servers.backends:
            if backend == "poll":
                continue
            for mode, kind, connections in (("echo", 0, 1000), ("greet", 2, 64)):
                commands = {f"{loops} loops": self.servers.server(mode, backend, loops)
                            for loops in (1, 2)}
                samples = self.run(commands, before=["nice", "-n", "19"], kind=kind,
                                   connections=connections, milliseconds=self.milliseconds,
                                   rounds=2 if self.options.quick else 5)
                one = {s["round"]: s["cpu_us"] for s in samples if s["server"] == "1 loops"}
                results[f"{mode}, {backend}"] = {
                    name: summary([s for s in samples if s["server"] == name], one)
                    for name in commands}
        return results

    def idle_memory(self):
        count = IDLE // 10 if self.options.quick else IDLE
        return {name: idle.measure(self.servers.command(name, "echo"), count)
                for name in self.names()}


def total_calls(path):
    """The tracer ends after the server: its last line is the sum."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if os.path.exists(path):
            with open(path, encoding="ascii", errors="replace") as file:
                words = file.read().split()
            if len(words) > 1 and words[-2] == "total":
                return int(words[-1])
        time.sleep(0.01)
    sys.exit("bench: strace wrote no sum")


def spread(values):
    return {"median": round(statistics.median(values), 3), "low": round(min(values), 3),
            "high": round(max(values), 3)}


def summary(samples, raw):
    ratios = [s["cpu_us"] / raw[s["round"]] for s in samples]
    result = {"ratio": spread(ratios)}
    for key in ("cpu_us", "p50_us", "p99_us", "p999_us"):
        result[key] = round(statistics.median(s[key] for s in samples), 2)
    result["rate"] = round(statistics.median(s["requests"] / s["seconds"] for s in samples))
    return result


def print_scenario(title, results, calls):
    print(f"\n{title}\n")
    columns = ["server", "CPU", "spread", "us a request", "requests/s", "p50 us", "p99 us",
               "p99.9 us", "calls"]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for name, r in results.items():
        ratio = r["ratio"]
        print(f"| {name} | {ratio['median']:.2f} | {ratio['low']:.2f}-{ratio['high']:.2f} "
              f"| {r['cpu_us']:.2f} | {r['rate']:,} | {r['p50_us']:.0f} | {r['p99_us']:.0f} "
              f"| {r['p999_us']:.0f} | {calls.get(name, '')} |")


def print_idle(results):
    print("\nidle connections, bytes each\n")
    print("| server | memory of the process | kernel, both ends |\n|---|---|---|")
    for name, r in results.items():
        print(f"| {name} | {r['user']} | {r['kernel']} |")


def print_many(results):
    print(f"\nCPU a request, 1,000 asking, with {MANY_IDLE:,} idle beside them, as a ratio\n")
    print("| server | ratio | spread |\n|---|---|---|")
    for name, r in results.items():
        print(f"| {name} | {r['median']:.2f} | {r['low']:.2f}-{r['high']:.2f} |")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if "model name" in line), "?")
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver())}


def run_all(bench, wanted, results):
    """Fills `results`, which are worth having also where a later part fails."""
    tracing = shutil.which("strace") is not None and not bench.options.quick
    if "calls" in wanted and not tracing:
        log("left out: system calls (needs strace, and not --quick)")
    for key, scenario in SCENARIOS.items():
        if key not in wanted:
            continue
        log(f"{scenario['title']} ...")
        calls = {}
        if "calls" in wanted and tracing and key in ("echo_100", "short"):
            calls = bench.system_calls(scenario["mode"], scenario["kind"],
                                       scenario["connections"])
        measured = bench.measure(scenario)
        for name, count in calls.items():
            measured[name]["calls"] = count
        results["scenarios"][key] = {"title": scenario["title"],
                                     "connections": scenario["connections"], "servers": measured}
        print_scenario(scenario["title"], measured, calls)
    if "idle" in wanted:
        log("idle connections ...")
        results["idle"] = bench.idle_memory()
        print_idle(results["idle"])
    if "many" in wanted:
        log("many idle connections beside some that ask ...")
        results["many"] = bench.many()
        print_many(results["many"])
    if "cores" in wanted:
        log("one loop and two ...")
        results["cores"] = bench.cores()
        for key, measured in results["cores"].items():
            print_scenario(f"server, {key}", measured, {})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--servers", type=lambda text: [n.strip() for n in text.split("+")],
                        help="names, with + between them")
    parser.add_argument("--output")
    options = parser.parse_args()
    everything = [*SCENARIOS, "calls", "idle", "many", "cores"]
    wanted = options.only or everything
    unknown = [name for name in wanted if name not in everything]
    if unknown:
        parser.error(f"--only {unknown[0]}: it is to be of {', '.join(everything)}")
    output = options.output or os.path.join(options.build, "tests", "bench", "results.json")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # the servers end with it
    bench = Bench(options)
    results = {"machine": machine(), "pinned": bench.pinned, "scenarios": {}}
    try:
        run_all(bench, wanted, results)
    finally:
        with open(output, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
        picture = os.path.splitext(output)[0] + ".svg"
        log(f"{output}, {picture}" if plot.draw(results, picture) else output)


if __name__ == "__main__":
    main()
