const SAMPLE = "SYN,ACK seq=0 ack=1 win=64240 mss=1460 retransmission WSAECONNREFUSED";

let measured: number | undefined;

/** How wide a letter of the page's font is on average at 12 pixels: fonts of systems differ by a fifth. */
export function letterWidth(): number {
  if (measured === undefined) {
    const context = document.createElement("canvas").getContext("2d");
    const family = getComputedStyle(document.body).fontFamily;
    if (context !== null) context.font = `12px ${family}`;
    measured = (context?.measureText(SAMPLE).width ?? SAMPLE.length * 6.8) / SAMPLE.length;
  }
  return measured;
}
