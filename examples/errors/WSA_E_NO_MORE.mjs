import * as ws from "tapsock/winsock";

ws.useNetwork("embedded:");
ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
const wanted = ws.new_WSAQUERYSETW();
wanted.lpServiceClassId = ws.SVCID_HOSTNAME;
const lookup = { value: 0 };
ws.WSALookupServiceBegin(wanted, ws.LUP_RETURN_NAME, lookup);
while (ws.WSALookupServiceNext(lookup.value, 0, { value: 4096 }, ws.new_WSAQUERYSETW()) === 0);
console.log(ws.WSAGetLastError());
