import { FrozenTime } from "../../dist/stack/core/time.js";
import { TimerQueue } from "../../dist/stack/core/timers.js";

/** Every ACK sets a retransmission timer anew, or cancels it. */
export function addTimers(add) {
  for (const pending of [8, 10_000]) {
    const queue = new TimerQueue(new FrozenTime());
    const make = () =>
      queue.timer(
        "bench",
        () => "bench",
        () => {},
      );
    for (let i = 0; i < pending; i++) make().set(300 + ((i * 7919) % 10_000));
    const timer = make();
    timer.set(300);
    add(`timer set anew among ${pending}`, (i) => timer.set(300 + (i & 15)));
    const other = make();
    add(`timer set and cancelled among ${pending}`, (i) => {
      other.set(300 + (i & 15));
      other.cancel();
    });
    const alarms = queue.alarms(["first", "second"], { label: "bench", subject: {}, fired: () => {} });
    alarms.set(0, 300);
    add(`timer of a table set anew among ${pending}`, (i) => alarms.set(0, 300 + (i & 15)));
  }
}
