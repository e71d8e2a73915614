// A network namespace that one contestant has to itself. It has no name, so nothing can be left behind: the kernel takes it away,
// with the devices in it, when its last process ends, and its keeper ends as soon as its standard input closes.
import { execFileSync, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";

const SETTINGS = [
  "net.ipv4.ip_local_port_range=1024 65535",
  "net.ipv4.tcp_max_tw_buckets=256",
  "net.ipv6.conf.default.accept_ra=0",
  "net.ipv6.conf.default.router_solicitations=0",
];

export class BenchNamespace {
  #keeper;
  #enter;

  constructor(keeper) {
    this.#keeper = keeper;
    this.#enter = ["nsenter", `--net=/proc/${keeper.pid}/ns/net`];
  }

  static async make() {
    const keeper = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
    // A Ctrl-C reaches the whole group; its pid says when the namespace is there.
    const own = readlinkSync("/proc/self/ns/net");
    for (let i = 0; readlinkSync(`/proc/${keeper.pid}/ns/net`) === own; i++) {
      if (i === 500) throw new Error("Cannot make a network namespace");
      await new Promise((done) => setTimeout(done, 10));
    }
    const namespace = new BenchNamespace(keeper);
    namespace.run("ip", "link", "set", "lo", "up");
    for (const setting of SETTINGS) namespace.#try("sysctl", "-qw", setting);
    return namespace;
  }

  get pid() {
    return this.#keeper.pid;
  }

  /** A command and its arguments as they are to be started from outside. */
  inside(...command) {
    return [...this.#enter, ...command];
  }

  run(...command) {
    const [program, ...words] = this.inside(...command);
    return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  #try(...command) {
    try {
      this.run(...command);
    } catch {
      // A setting that this kernel lacks; the race is a little slower without it.
    }
  }

  end() {
    this.#keeper.kill("SIGKILL");
  }
}
