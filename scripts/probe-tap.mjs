// Makes a TAP device in the namespace it is run in and lets it go again; exit status 0 when that worked.
import koffi from "koffi";

const TUNSETIFF = 0x400454ca;
const IFF_TAP_NO_PI = 0x1002;
const O_RDWR = 2;

const libc = koffi.load(null);
const open = libc.func("int open(const char *path, int flags)");
const ioctl = libc.func("int ioctl(int fd, unsigned long request, void *argument)");

const fd = open("/dev/net/tun", O_RDWR);
const request = Buffer.alloc(40);
request.write("tapprobe0");
request.writeUInt16LE(IFF_TAP_NO_PI, 16);
process.exit(fd >= 0 && ioctl(fd, TUNSETIFF, request) === 0 ? 0 : 1);
