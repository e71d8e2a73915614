/** A program that a learner can begin with. */
export interface ExampleProgram {
  readonly title: string;
  readonly source: string;
}

/** The first of them; the lab's others are put behind it where they are bundled. */
export const EXAMPLES: readonly ExampleProgram[] = [
  {
    title: "connect.js",
    source: `// The program of Microsoft's page on connect, call for call.
WSAStartup(MAKEWORD(2, 2), new_WSADATA());
const s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

const name = new_sockaddr_in();
name.sin_family = AF_INET;
name.sin_addr.s_addr = inet_addr("203.0.113.1");
name.sin_port = htons(80);

if (connect(s, name, sizeof_sockaddr_in) === SOCKET_ERROR) {
  console.log("connect failed with error", WSAGetLastError());
} else {
  console.log("Connected to server.");
}
closesocket(s);
WSACleanup();
`,
  },
];
